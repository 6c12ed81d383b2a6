// The page for people: what the API of the host says, asked for and shown.
import { chinese, faultsInChinese, slipWords } from "./words.js";
import { $, inCurrency, language, otherLanguage, say, named, yuan, when, make, button, table, figures, remark, stateKind, six } from "./show.js";

let token = fromFragment() ?? sessionStorage.getItem("token") ?? "";

const most = 50; // rows of a list
const pause = 3000; // ms between two looks at what does not stream

// fromFragment takes the token out of the URL, where history and bookmarks would keep it.
function fromFragment() {
	const found = new URLSearchParams(location.hash.slice(1)).get("token");
	if (found) {
		sessionStorage.setItem("token", found);
		history.replaceState(null, "", location.pathname);
	}
	return found;
}

// ---- what is asked ----

class Refused extends Error {
	constructor(status, why) {
		super(why);
		this.status = status;
	}
}

async function ask(path, body) {
	const how = body ? { method: "POST", body: JSON.stringify(body), headers: { Authorization: "Bearer " + token, "Content-Type": "application/json" } } : { headers: { Authorization: "Bearer " + token } };
	const got = await fetch(path, { ...how, cache: "no-store", redirect: "error" });
	if (got.ok) return got;
	let why = got.statusText;
	try { why = (await got.json()).error ?? why; } catch { /* no JSON: the status says it */ }
	throw new Refused(got.status, why);
}


const absent = new Set(); // routes that the host does not have, which are not asked for again

// get gives a route's JSON, undefined when the host does not have it.
async function get(path) {
	if (absent.has(path)) return undefined;
	try {
		return await (await ask(path)).json();
	} catch (e) {
		if (!(e instanceof Refused) || e.status !== 404 && e.status !== 501) throw e;
		if (/^\/v1\/[a-z-]+(\?|$)/.test(path)) absent.add(path); // of what is longer another one may be there
		return undefined;
	}
}

// ---- sections: each has load, which asks, and draw, which shows what was got ----

const got = { orders: new Map() };

const sections = {
	head: {
		async load() {
			got.host = await get("/v1/host");
			inCurrency(got.host.decimals);
		},
		draw() {
			const h = got.host;
			$("what").textContent = say("what")(h);
			figures($("figures"), [["terminalsN", h.terminals], ["connections", h.connections], ["requests", h.requests], ["answers", h.answers], ["unread", h.refused]]
				.map(([word, n]) => [say(word), Number(n).toLocaleString(language)]));
		},
	},
	orders: {
		async load() {
			const all = await get(`/v1/orders?most=${most}`);
			for (const o of all?.toReversed() ?? []) keepOrder(o);
			if (all && !live) stream();
			return all !== undefined;
		},
		draw() {
			const all = [...got.orders.values()].sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : b.number < a.number ? -1 : 1));
			$("live").textContent = say(live === "open" ? "live" : "stopped");
			$("live").className = "live " + (live === "open" ? "good" : "bad");
			table($("orders"), [
				["order", "id", (o) => o.number],
				["terminal", "held", (o) => o.tid],
				["dishes", "", (o) => (o.lines?.length ? o.lines.map((l) => `${l.name ?? l.dish} × ${l.count}`).join(", ") : [say("typed"), "of"])],
				["total", "amount", (o) => yuan(o.total)],
				["refunded", "amount", (o) => (o.refunded ? yuan(o.refunded) : "")],
				["state", "held", (o) => [language === "zh" ? o.state_zh ?? named(o.state) : o.state, stateKind(o.state)]],
				["changed", "held", (o) => when(o.changed)],
			], all, "noOrders", (o) => (fresh.has(o.number) ? "new" : ""));
			fresh.clear();
			remark($("orders"), say("ordersRemark")(most));
		},
	},
	terminals: {
		async load() {
			[got.activity, got.machines] = await Promise.all([get(`/v1/activity?most=${most}`), get("/v1/terminals")]);
			return got.activity !== undefined || got.machines !== undefined;
		},
		draw() {
			const rows = new Map((got.activity ?? []).map((a) => [a.tid, a]));
			for (const m of got.machines ?? []) {
				if (rows.has(m.tid) || rows.size < 2 * most) rows.set(m.tid, { ...m, ...rows.get(m.tid), state: m.state, why: m.why });
			}
			const columns = [
				["terminal", "id", (a) => button(a.tid, () => choose(a.tid))],
				["merchant", "", (a) => a.merchant || a.mid || ""],
				["state", "held", (a) => (a.state ? [named(a.state), stateKind(a.state)] : "")],
				["operator", "held", (a) => (a.at ? [a.signed_in ? `${say("signedIn")}${a.operator ? " " + a.operator : ""}` : say("signedOut"), a.signed_in ? "good" : ""] : say("never"))],
				["batch", "held", (a) => (a.batch ? six(a.batch) : "")],
				["lastAnswer", "", (a) => (a.code ? `${named(a.asked)} ${a.code} ${a.display ?? ""}` : "")],
				["since", "held", (a) => when(a.at)],
				["parts", "", (a) => (a.broken?.length ? [a.broken.map(named).join(", "), "bad"] : say("none"))],
			];
			table($("terminals"), columns, [...rows.values()], "noTerminals", (a) => (a.tid === chosen ? "chosen" : ""));
			remark($("terminals"), say("terminalsRemark")(most));
		},
	},
	terminal: {
		async load() {
			if (chosen) got.terminal = await get(`/v1/terminals/${encodeURIComponent(chosen)}/activity`);
			return got.terminal !== undefined;
		},
		draw() {
			drawScreen(got.terminal);
			drawPayments(got.terminal);
		},
	},
	merchants: {
		async load() {
			got.merchants = await get("/v1/merchants");
			return got.merchants !== undefined;
		},
		draw() {
			table($("merchants"), [
				["merchant", "id", (m) => button(m.mid, () => showStatement(m.mid))],
				["name", "", (m) => m.name],
				["state", "held", (m) => [named(m.state), stateKind(m.state)]],
				["why", "", (m) => m.why ?? ""],
				["plan", "held", (m) => m.plan],
				["account", "held", (m) => m.account ?? ""],
			], got.merchants.slice(0, 2 * most), "noMerchants", (m) => (m.mid === mid ? "chosen" : ""));
			remark($("merchants"), say("merchantsRemark")(2 * most));
			const shown = [...$("mid").options].map((o) => o.value).join();
			const all = got.merchants.slice(0, 2 * most);
			if (mid && !all.some((m) => m.mid === mid)) all.push({ mid, name: "" });
			if (shown !== all.map((m) => m.mid).join()) options($("mid"), all.map((m) => [m.mid, `${m.mid} ${m.name}`]), mid);
			mid ||= $("mid").value;
		},
	},
	statement: {
		async load() {
			if (!mid) return false;
			got.account = await get(`/v1/merchants/${encodeURIComponent(mid)}/account`);
			const days = (got.account?.days ?? []).toReversed();
			if (!days.includes(day)) day = days[0] ?? "";
			got.statement = day && await get(`/v1/merchants/${encodeURIComponent(mid)}/statements/${day}`);
			return got.account !== undefined;
		},
		draw() { drawStatement(got.account, got.statement); },
	},
	audit: {
		async load() {
			const [staff, register] = await Promise.all([get("/v1/audit"), get("/v1/events")]);
			got.audit = [
				...(staff ?? []).map((e) => ({ when: e.at, subject: [e.tid, e.operator, e.channel].filter(Boolean).join(" "), what: e.what, done: say(e.done ? "yes" : "no"), bad: !e.done, why: e.why })),
				...(register?.events ?? []).map((e) => ({ when: e.when, subject: [e.tid, e.mid, e.subject].filter(Boolean).join(" "), what: language === "zh" ? e.chinese : e.english, bad: e.alert })),
			].sort((a, b) => new Date(b.when) - new Date(a.when)).slice(0, most);
			return staff !== undefined || register !== undefined;
		},
		draw() {
			table($("audit"), [
				["when", "held", (e) => when(e.when)],
				["subject", "", (e) => e.subject],
				["event", "", (e) => [named(e.what), e.bad ? "warn" : ""]],
				["done", "held", (e) => (e.done ? [e.done, e.bad ? "bad" : ""] : "")],
				["why", "", (e) => e.why ?? ""],
			], got.audit, "noAudit");
			remark($("audit"), say("auditRemark")(most));
		},
	},
	faults: {
		async load() {
			got.faults = await get("/v1/faults");
			return got.faults !== undefined;
		},
		draw() {
			const on = got.faults.filter((f) => f.on).map((f) => f.name).join(", ");
			$("wrong").textContent = say("wrong")(on);
			$("wrong").hidden = !on;
			table($("faults"), [
				["fault", "id", (f) => f.name],
				["does", "", (f) => (language === "zh" ? faultsInChinese[f.name] : undefined) ?? f.doc],
				["state", "held", (f) => [say(f.on ? "on" : "off"), f.on ? "bad" : ""]],
				["", "held", (f) => button(say(f.on ? "turnOff" : "turnOn"), () => turnFault(f.name, !f.on), "")],
			], got.faults, "none");
			remark($("faults"), say("faultsRemark"));
		},
	},
};

// turnFault turns a fault on or off.
async function turnFault(name, on) {
	try {
		await ask("/v1/faults", { name, on });
		await refresh();
	} catch (e) {
		banner(e instanceof Refused ? `${say("refused")}: ${e.message}` : say("gone"));
	}
}

// ---- a terminal: its screen, its payments, a slip ----

let chosen = "", slipOf = "";

function choose(tid) {
	[chosen, slipOf, got.terminal] = [tid, "", undefined];
	refresh();
}

function drawScreen(a) {
	const idle = !a.at;
	$("screen").replaceChildren(
		make("div", "line", make("span", "", a.tid), make("span", "", when(a.at).slice(11))),
		make("div", "small", a.merchant || a.mid),
		make("div", "text", idle ? say("ready") : a.display || (a.code === "00" ? "交易成功" : a.code)),
		make("div", "small", idle ? "" : `${named(a.asked)} ${a.code}`),
		make("div", "line", make("span", "", say(a.signed_in ? "signedIn" : "signedOut") + (a.operator ? " " + a.operator : "")), make("span", "", a.batch ? six(a.batch) : "")),
	);
}

function drawPayments(a) {
	$("of").textContent = a.tid;
	const all = a.payments ?? [];
	const key = (p) => `${p.batch}/${p.trace}/${p.kind}`;
	const one = all.find((p) => key(p) === slipOf) ?? all[0];
	table($("booked"), [
		["trace", "id", (p) => button(six(p.trace), () => { slipOf = key(p); drawPayments(a); })],
		["payment", "held", (p) => named(p.kind)],
		["card", "held", (p) => p.card],
		["amount", "amount", (p) => yuan(p.amount)],
		["refunded", "amount", (p) => (p.refunded ? yuan(p.refunded) : "")],
		["state", "held", (p) => [named(p.state) + (p.settled ? `, ${say("settled")}` : ""), stateKind(p.state)]],
		["batch", "held", (p) => (p.settled ? six(p.batch) : "")],
		["when", "held", (p) => when(p.at)],
	], all, "noPayments", (p) => (p === one ? "chosen" : ""));
	remark($("booked"), say("paymentsRemark"));
	$("slip").parentElement.hidden = !one;
	if (one) drawSlip(a, one);
}

function drawSlip(a, p) {
	const money = (minor) => `${!got.host.currency || got.host.currency === "156" ? "RMB" : got.host.currency} ${yuan(minor)}`;
	const [title, copy, agree, sign] = [slipWords.title, slipWords.copy, slipWords.agree, slipWords.sign];
	const row = (word, value, kind = "") => make("div", kind, make("dt", "", `${slipWords[word][0]} ${slipWords[word][1]}`), make("dd", "", value));
	const read = { card: "", contactless: " /C", "wallet-qr": "", "unionpay-qr": "" }[p.channel] ?? "";
	const rows = [row("merchant", a.merchant), row("mid", a.mid), row("tid", a.tid), a.operator ? row("operator", a.operator) : "", row("acquirer", p.acquirer), make("div", "rule"),
		row("card", p.card + read), row("kind", `${chinese[p.kind] ?? ""} ${p.kind.toUpperCase()}`), row("batch", six(p.batch)), row("trace", six(p.trace)),
		p.auth_code ? row("auth", p.auth_code) : "", row("rrn", p.rrn), row("at", when(p.at)), make("div", "rule"),
		row("amount", money(p.amount), "large"), p.refunded ? row("refunded", money(p.refunded)) : "", p.voids ? row("original", six(p.voids)) : "", make("div", "rule")];
	const fate = slipWords[p.state];
	$("slip").replaceChildren(make("h4", "", title[0]), make("p", "sub", title[1]), make("dl", "", ...rows.filter(Boolean)),
		...(fate ? [make("p", "stamp", `${fate[0]} ${fate[1]}`)] : []),
		...(p.state === "declined" ? [] : [make("p", "", `${sign[0]} ${sign[1]}`), make("div", "sign"), make("p", "", agree[0]), make("p", "", agree[1])]),
		make("p", "stamp", copy[0]), make("p", "sub", copy[1]));
}

// ---- a merchant's statement ----

let mid = "", day = ""; // the last day when it is empty

function showStatement(which) {
	[mid, day] = [which, ""];
	refresh().then(() => $("statement").scrollIntoView({ block: "start" }));
}

function options(select, pairs, value) {
	select.replaceChildren(...pairs.map(([v, label]) => {
		const o = make("option", "", label);
		o.value = v;
		return o;
	}));
	if (value) select.value = value;
}

function drawStatement(a, st) {
	$("mid").value = mid;
	options($("day"), (a.days ?? []).toReversed().map((d) => [d, d]), day);
	figures($("account"), [["posted", a.posted.amount], ["fees", a.posted.fee], ["paid", a.paid], ["owed", a.owed]].map(([word, fen]) => [say(word), yuan(fen)]));
	const sums = ["count", "amount", "fee", "net"];
	const lines = st?.lines ?? [];
	const rows = st ? [...lines, { ...st.total, total: true }] : [];
	table($("statement"), [
		["kind", "", (l) => (l.total ? say("total") : named(l.what))],
		["cardKind", "", (l) => (l.total ? "" : named(l.card))],
		["channel", "", (l) => (l.total ? "" : named(l.channel))],
		["count", "amount", (l) => l.count],
		["amount", "amount", (l) => yuan(l.amount)],
		["fee", "amount", (l) => yuan(l.fee)],
		["net", "amount", (l) => yuan(l.net)],
	], rows, "noStatement", (l) => (l.total ? "total" : ""));
	const adds = st && sums.every((of) => lines.reduce((sum, l) => sum + l[of], 0) === st.total[of]) && st.total.amount - st.total.fee === st.total.net;
	const due = st ? `${say("valueDate")} ${st.value_date} (${st.cycle})${st.payouts?.length ? `; ${say("payouts")} ${st.payouts.join(", ")}` : ""}` : "";
	$("sum").textContent = st ? `${adds ? "✓" : "✗"} ${say(adds ? "adds" : "addsNot")} ${due}` : "";
	$("sum").className = adds ? "good" : "bad";
}

// ---- orders as they change ----

let live = ""; // "", "open" or "waiting"
const fresh = new Set();

function keepOrder(o) {
	const was = got.orders.get(o.number);
	if (was && was.changed > o.changed) return false;
	got.orders.delete(o.number);
	got.orders.set(o.number, o);
	while (got.orders.size > most) got.orders.delete(got.orders.keys().next().value);
	return true;
}

// stream reads server-sent events for as long as the page is open; EventSource could not
// show the token.
async function stream() {
	for (live = "waiting"; token; await new Promise((done) => setTimeout(done, pause))) {
		try {
			const reader = (await ask("/v1/order-events")).body.pipeThrough(new TextDecoderStream()).getReader();
			live = "open";
			draw("orders");
			let rest = "";
			for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
				const events = (rest + value).split("\n\n");
				rest = events.pop();
				let changed = false;
				for (const e of events) {
					const data = e.split("\n").filter((l) => l.startsWith("data:")).map((l) => l.slice(5)).join("\n");
					if (!data) continue;
					const o = JSON.parse(data);
					if (keepOrder(o)) fresh.add(o.number), changed = true;
				}
				if (changed) soon("orders");
			}
		} catch (e) {
			if (e instanceof Refused && (e.status === 401 || e.status === 404)) break;
		}
		live = "waiting";
		draw("orders");
	}
	live = "";
}

let due = new Set();
// soon draws once for all that changes within a frame.
function soon(name) {
	if (!due.size) requestAnimationFrame(() => {
		for (const n of due) draw(n);
		due = new Set();
	});
	due.add(name);
}

// ---- the page ----

const last = {}; // what each section was drawn of: what has not changed is not drawn anew

function draw(name, again) {
	const now = JSON.stringify([language, chosen, mid, live, name === "orders" ? [...got.orders.values()] : got[{ head: "host", terminals: "activity" }[name] ?? name], got.machines, name === "statement" && got.account]);
	if (!again && last[name] === now) return;
	last[name] = now;
	sections[name].draw();
}

let turn = 0;

// refresh asks for everything once and shows it.
async function refresh() {
	const mine = ++turn;
	try {
		for (const [name, s] of Object.entries(sections)) {
			const has = await s.load();
			if (mine !== turn) return;
			const section = name === "terminal" ? [$("terminal"), $("booked")] : [$(name)];
			if (name !== "head") section.forEach((e) => { e.hidden = !has; });
			if (name === "head" || has) draw(name);
		}
		banner("");
		$("main").hidden = false;
		$("ask").hidden = true;
	} catch (e) {
		if (mine !== turn) return;
		if (e instanceof Refused && e.status === 401) {
			token = "";
			sessionStorage.removeItem("token");
			askToken(true);
		} else {
			banner(e instanceof Refused ? `${say("refused")}: ${e.message}` : say("gone"));
		}
	}
}

function banner(text) {
	$("banner").textContent = text;
	$("banner").hidden = !text;
}

function askToken(wrong) {
	$("ask").hidden = false;
	$("main").hidden = true;
	figures($("figures"), []);
	banner(wrong ? say("wrongToken") : "");
}

function speak() {
	document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
	for (const e of document.querySelectorAll("[data-word]")) e.textContent = say(e.dataset.word);
	$("language").textContent = say("other");
	document.title = `posfleet: ${say("title")}`;
}

$("language").onclick = () => {
	otherLanguage();
	speak();
	if (token) refresh();
};
$("ask").onsubmit = (e) => {
	e.preventDefault();
	token = $("token").value.trim();
	$("token").value = "";
	sessionStorage.setItem("token", token);
	refresh();
};
$("mid").onchange = () => { mid = $("mid").value; day = ""; refresh(); };
$("day").onchange = () => { day = $("day").value; refresh(); };
addEventListener("hashchange", () => { token = fromFragment() ?? token; refresh(); });

speak();
if (token) await refresh();
else askToken(false);
for (;;) {
	await new Promise((done) => setTimeout(done, pause));
	if (token && !document.hidden) await refresh();
}
