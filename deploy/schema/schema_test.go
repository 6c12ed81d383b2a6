// Package schema holds the deployment files to the types of who reads them.
package schema

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// read gives the objects of a file, which has nothing that Kubernetes does not know.
func read(t *testing.T) (all []runtime.Object) {
	t.Helper()
	text, err := os.ReadFile("../kubernetes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batch.AddToScheme, core.AddToScheme, networking.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	decode := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	for {
		one := make([]byte, len(text))
		n, err := documents.Read(one)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		object, _, err := decode.Decode(one[:n], nil, nil)
		if err != nil {
			t.Errorf("%v in\n%s", err, one[:n])
			continue
		}
		all = append(all, object)
	}
}

// Every object is one that Kubernetes knows, to the last key, and they fit together:
// there are as many agents as the controller waits for, who find it, and the network
// lets them and nobody else.
func TestKubernetesTakesTheFile(t *testing.T) {
	jobs := map[string]*batch.Job{}
	policies := map[string]*networking.NetworkPolicy{}
	var service *core.Service
	for _, object := range read(t) {
		switch o := object.(type) {
		case *batch.Job:
			jobs[o.Name] = o
		case *networking.NetworkPolicy:
			policies[o.Name] = o
		case *core.Service:
			service = o
		}
	}
	controller, agents := jobs["posfleet-controller"], jobs["posfleet-agents"]
	if controller == nil || agents == nil || service == nil || len(policies) != 2 {
		t.Fatalf("jobs %v, policies %v, service %v", jobs, policies, service)
	}
	args := strings.Join(controller.Spec.Template.Spec.Containers[0].Args, " ")
	if *agents.Spec.CompletionMode != batch.IndexedCompletion || *agents.Spec.Completions != 4 || *agents.Spec.Parallelism != *agents.Spec.Completions || !strings.Contains(args, "--agents 4 ") {
		t.Errorf("the controller waits with %q for %d agents", args, *agents.Spec.Completions)
	}
	if join := strings.Join(agents.Spec.Template.Spec.Containers[0].Args, " "); !strings.Contains(join, "nats://"+service.Name+":4222") {
		t.Errorf("agents join with %q the service %s", join, service.Name)
	}
	for label, value := range service.Spec.Selector {
		if controller.Spec.Template.Labels[label] != value {
			t.Errorf("the service does not lead to the controller: %s is %s", label, value)
		}
	}
	ingress := policies["posfleet-controller"].Spec.Ingress
	if len(ingress) != 1 || len(ingress[0].From) != 1 || ingress[0].From[0].PodSelector.MatchLabels["role"] != "agent" {
		t.Errorf("the controller is reached by %+v", ingress)
	}
	if p := policies["posfleet-agents"].Spec; len(p.Ingress) != 0 || p.PodSelector.MatchLabels["role"] != "agent" {
		t.Errorf("agents are reached by %+v", p)
	}
	for name, job := range jobs {
		c := job.Spec.Template.Spec.Containers[0]
		if c.SecurityContext == nil || !*c.SecurityContext.ReadOnlyRootFilesystem || *c.SecurityContext.AllowPrivilegeEscalation {
			t.Errorf("%s may write into its image, or gain rights", name)
		}
	}
}
