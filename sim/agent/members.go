package agent

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/micro"
)

// service is the name under which NATS' services know agents.
const service = "posfleet-agent"

// announce lets controllers find this agent.
func (c *Conn) announce(name, version string) (micro.Service, error) {
	s, err := micro.AddService(c.nc, micro.Config{Name: service, Version: "1.0.0", Description: "plays a share of a load run",
		Metadata: map[string]string{"run": c.creds.id(), "version": version, "agent": name, "proof": c.proof(name, version)}})
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	return s, nil
}

// proof is what only who has the credentials can say of itself.
func (c *Conn) proof(name, version string) string {
	return base64.StdEncoding.EncodeToString(c.creds.seal("agent "+version, []byte(name)))
}

// member is an agent that is there.
type member struct{ name, version string }

// members are the run's agents that answer in so long.
func (c *Conn) members(ctx context.Context, patience time.Duration) (all []member) {
	inbox := c.nc.NewInbox()
	sub, err := c.nc.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer func() { _ = sub.Unsubscribe() }()
	if c.nc.PublishRequest("$SRV.INFO."+service, inbox, nil) != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return all
		}
		var info micro.Info
		if json.Unmarshal(m.Data, &info) != nil || info.Metadata["run"] != c.creds.id() {
			continue
		}
		sealed, err := base64.StdEncoding.DecodeString(info.Metadata["proof"])
		if err != nil {
			continue
		}
		if name, err := c.creds.open("agent "+info.Metadata["version"], sealed); err == nil {
			all = append(all, member{string(name), info.Metadata["version"]})
		}
	}
}
