// Draws the charts of a posfleet report with uPlot, from the JSON in #data.
"use strict";
(() => {
	let data = JSON.parse(document.getElementById("data").textContent);
	const root = document.documentElement;
	const css = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
	const one = v => v == null ? null : Math.max(1, v); // a log axis has no zero
	const tall = 330;
	let charts = {};
	let shown = 0; // which label

	// Words.
	const three = v => v < 9.995 ? v.toFixed(2) : v < 99.95 ? v.toFixed(1) : v.toFixed(0);
	const latency = µs => µs == null ? "–" : µs < 999.5 ? Math.round(µs) + " µs" : µs < 999500 ? three(µs / 1e3) + " ms" : three(µs / 1e6) + " s";
	const tidy = v => String(+v.toPrecision(4));
	const tick = µs => µs === 0 ? "0" : µs < 1e3 ? tidy(µs) + " µs" : µs < 1e6 ? tidy(µs / 1e3) + " ms" : tidy(µs / 1e6) + " s";
	const count = n => n == null ? "–" : n.toLocaleString("en", {maximumFractionDigits: 1});
	const percent = x => {
		const q = 100 * (1 - Math.pow(10, -x));
		return q.toFixed(Math.max(1, Math.floor(x))) + " %";
	};
	const clock = s => {
		if (s == null) return "–";
		if (s < 60) return tidy(s) + " s";
		const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60, rest = Math.round(s % 60);
		return (h ? h + " h " : "") + (m || !h ? m + " min" : "") + (rest ? " " + rest + " s" : "");
	};

	// Axes.
	const axis = more => Object.assign({
		stroke: css("muted"), font: "12px system-ui, Arial, sans-serif", size: 30,
		grid: {stroke: css("rule"), width: 1}, ticks: {stroke: css("rule"), width: 1, size: 5}, gap: 4,
	}, more);
	const bounds = columns => {
		let lo = Infinity, hi = 0;
		for (const c of columns) for (const v of c) if (v != null) { lo = Math.min(lo, v); hi = Math.max(hi, v); }
		return hi > 0 ? [lo, hi] : [1, 1];
	};
	const round125 = (v, up) => {
		const mag = Math.pow(10, Math.floor(Math.log10(v) + 1e-9));
		const steps = [1, 2, 5, 10].map(s => s * mag);
		return up ? steps.find(s => s >= v * 0.9999) : steps.reverse().find(s => s <= v * 1.0001);
	};
	// latencyScale is logarithmic when the values span more than two decades.
	const latencyScale = columns => {
		const [lo, hi] = bounds(columns);
		if (hi / Math.max(1, lo) > 100) {
			const range = [round125(Math.max(1, lo), false), round125(hi * 1.05, true)];
			return {distr: 3, log: 10, range: () => range};
		}
		return {distr: 1, range: (u, min, max) => [0, Math.max(1, hi) * 1.08]};
	};
	// decades are 1, 10, 100…; with 2 and 5 of each where there is room.
	const decades = (min, max, dense) => {
		const out = [];
		for (let d = Math.floor(Math.log10(min) + 1e-9); d <= Math.log10(max) + 1e-9; d++)
			for (const s of Math.log10(max / min) < dense ? [1, 2, 5] : [1]) {
				const v = s * Math.pow(10, d);
				if (v >= min * 0.9999 && v <= max * 1.0001) out.push(v);
			}
		return out;
	};
	const logAxis = (scale, more) => Object.assign(scale.distr !== 3 ? {} : {
		splits: u => decades(u.scales.y.min, u.scales.y.max, 3.4), filter: (u, splits) => splits,
	}, more);
	const latencyAxis = scale => axis(logAxis(scale, {size: 62, values: (u, splits) => splits.map(tick)}));
	const timeAxis = () => axis({
		incrs: [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200],
		space: 70, values: (u, splits) => splits.map(s => s === 0 ? "0" : clock(s)),
	});

	// Shapes behind and before the data.
	const shadeSpan = (u, from, to, colour, height) => {
		const x0 = Math.max(u.bbox.left, u.valToPos(from, "x", true));
		const x1 = Math.min(u.bbox.left + u.bbox.width, u.valToPos(to, "x", true));
		if (x1 <= x0) return;
		u.ctx.fillStyle = colour;
		u.ctx.fillRect(x0, u.bbox.top, Math.max(x1 - x0, 1), height || u.bbox.height);
	};
	const eachSpan = (test, draw) => {
		for (let i = 0; i < data.at.length; i++) {
			if (!test(i)) continue;
			let k = i;
			while (k + 1 < data.at.length && test(k + 1)) k++;
			draw(data.at[i], data.at[k] + data.span);
			i = k;
		}
	};
	const levels = (u, alpha, height) => {
		u.ctx.save();
		u.ctx.globalAlpha = alpha;
		for (const level of ["suspect", "invalid"]) // colours of the same names
			eachSpan(i => data.levels[i] === level, (a, b) => shadeSpan(u, a, b, css(level), height));
		u.ctx.restore();
	};
	const backdrop = u => {
		eachSpan(i => data.warmup[i], (a, b) => shadeSpan(u, a, b, css("warm")));
		levels(u, 0.12);
	};
	const strips = u => levels(u, 1, 4 * devicePixelRatio); // over all that is drawn
	const veil = u => { // what is warm-up is not counted, and looks it
		u.ctx.save();
		u.ctx.globalAlpha = 0.5;
		eachSpan(i => data.warmup[i], (a, b) => shadeSpan(u, a, b, css("paper")));
		u.ctx.restore();
	};
	const mark = (u, x0, y0, x1, y1, colour, dash) => {
		const c = u.ctx;
		c.save();
		c.beginPath();
		c.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
		c.clip();
		c.beginPath();
		c.setLineDash(dash.map(d => d * devicePixelRatio));
		c.lineWidth = 1.2 * devicePixelRatio;
		c.strokeStyle = colour;
		c.moveTo(x0, y0);
		c.lineTo(x1, y1);
		c.stroke();
		c.restore();
	};
	const say = (u, text, x, y, align, colour, behind = "paper") => {
		const c = u.ctx;
		c.save();
		c.font = "600 " + 12 * devicePixelRatio + "px system-ui, Arial, sans-serif";
		c.textAlign = align;
		const wide = c.measureText(text).width, left = align === "left" ? x : align === "right" ? x - wide : x - wide / 2;
		c.fillStyle = css(behind);
		c.globalAlpha = 0.85;
		c.fillRect(left - 2, y - 11 * devicePixelRatio, wide + 4, 14 * devicePixelRatio);
		c.globalAlpha = 1;
		c.fillStyle = colour;
		c.fillText(text, x, y);
		c.restore();
	};

	const room = place => root.classList.contains("paper") ? 680 : place.clientWidth; // of a sheet of A4

	// make builds one chart in its figure and lets it be zoomed and reset.
	const make = (name, opts, columns) => {
		const figure = document.querySelector(`[data-chart=${name}]`);
		const place = figure.querySelector(".plot"), button = figure.querySelector("button");
		if (charts[name]) charts[name].destroy();
		delete charts[name];
		place.textContent = "";
		button.hidden = true;
		if (!columns || !columns[0].length) {
			const p = document.createElement("p");
			p.className = "none";
			p.textContent = "no samples";
			place.append(p);
			return;
		}
		const x = columns[0];
		const full = opts.full || [x[0], x[x.length - 1]];
		const u = new uPlot(Object.assign({
			width: room(place), height: tall, padding: [12, 26, 0, 0],
			legend: {live: true},
			focus: {alpha: 1},
		}, opts, {
			cursor: Object.assign({drag: {x: true, y: false, dist: 5}, points: {size: 7}}, opts.cursor),
			scales: Object.assign({x: {time: false, range: (u, min, max) => min == null ? full : [min, max]}}, opts.scales),
			hooks: Object.assign({}, opts.hooks, {setScale: [(u, key) => {
				if (key !== "x") return;
				const zoomed = u.scales.x.min > full[0] + 1e-9 || u.scales.x.max < full[1] - 1e-9;
				button.hidden = !zoomed;
				if (opts.follow) follow(u, name);
			}]}),
		}), columns, place);
		// After a zoom uPlot would reset to the data's ends; a bar has a right side too.
		u.over.addEventListener("dblclick", () => u.setScale("x", {min: full[0], max: full[1]}));
		button.onclick = () => u.setScale("x", {min: full[0], max: full[1]});
		u.setScale("x", {min: full[0], max: full[1]});
		charts[name] = u;
	};

	// The two charts over time show the same stretch.
	let following = false;
	const follow = (u, name) => {
		const other = charts[name === "latency" ? "throughput" : "latency"];
		if (following || !other) return;
		following = true;
		const {min, max} = u.scales.x;
		if (other.scales.x.min !== min || other.scales.x.max !== max) other.setScale("x", {min, max});
		queueMicrotask(() => { following = false; });
	};

	const percentiles = () => {
		const l = data.labels[shown];
		if (!l || !l.response) return make("percentiles", {});
		const xs = l.response.map((_, k) => k * data.grid);
		const response = l.response.map(one), service = l.service ? l.service.map(one) : xs.map(() => null);
		const loose = new Set(l.atleast || []);
		const sure = response.map((v, k) => loose.has(k) ? null : v);
		const least = response.map((v, k) => loose.has(k) || loose.has(k + 1) || loose.has(k - 1) ? v : null);
		const y = latencyScale([response, service, data.timeout ? [data.timeout] : []]);
		const end = Math.max(1, Math.ceil(l.end - 1e-9));
		const series = [
			{label: "percentile", value: (u, v) => v == null ? "–" : percent(v)},
			{label: "service", stroke: css("under"), width: 4, value: (u, v) => latency(v), points: {show: false}},
			{label: "response", stroke: css("response"), width: 2.5, value: (u, v, s, k) => k == null ? "–" : (loose.has(k) ? "≥ " : "") + latency(response[k]), points: {show: false}},
		];
		const columns = [xs, service, sure];
		if (loose.size) {
			series.push({label: "at least", stroke: css("response"), width: 2.5, dash: [3, 4], value: () => "", points: {show: false}});
			columns.push(least);
		}
		make("percentiles", {
			full: [0, end], scales: {y}, series,
			axes: [axis({
				splits: u => [0, Math.log10(2), 1, 2, 3, 4, 5, 6, 7].filter(v => v !== Math.log10(2) || (u.width - 90) * v > 48 * (u.scales.x.max - u.scales.x.min)).filter(v => v >= u.scales.x.min - 1e-9 && v <= u.scales.x.max + 1e-9)
					.concat(u.scales.x.max - u.scales.x.min < 1 ? [1, 2, 3, 4, 5].flatMap(k => [k - 1 + Math.log10(2), k - 1 + Math.log10(4)]).filter(v => v >= u.scales.x.min && v <= u.scales.x.max) : [])
					.filter((v, i, all) => all.findIndex(w => Math.abs(w - v) < 1e-6) === i).sort((a, b) => a - b),
				values: (u, splits) => splits.map(v => v === 0 ? "0 %" : +(100 * (1 - Math.pow(10, -v))).toFixed(Math.max(0, Math.ceil(v - 1e-9) - 1)) + " %"),
				space: 30,
			}), latencyAxis(y)],
			hooks: {
				drawClear: [u => shadeSpan(u, l.end, end, css("warm"))],
				draw: [u => {
					if (data.timeout) {
						const at = u.valToPos(data.timeout, "y", true);
						mark(u, u.bbox.left, at, u.bbox.left + u.bbox.width, at, css("timed_out"), [5, 4]);
						say(u, "timeout " + tick(data.timeout), u.bbox.left + u.bbox.width - 6 * devicePixelRatio, at + 15 * devicePixelRatio, "right", css("timed_out"));
					}
					const from = Math.max(u.bbox.left, u.valToPos(l.end, "x", true)), to = u.bbox.left + u.bbox.width;
					if (to - from > 108 * devicePixelRatio) {
						say(u, "too few samples", (from + to) / 2, u.bbox.top + u.bbox.height - 26 * devicePixelRatio, "center", css("muted"), "warm");
						say(u, "n = " + count(l.n), (from + to) / 2, u.bbox.top + u.bbox.height - 11 * devicePixelRatio, "center", css("muted"), "warm");
					}
				}],
			},
		}, columns);
	};

	// A linear axis is no use when it hides more than one exchange in twenty.
	const hides = bars => {
		const all = bars.reduce((a, b) => a + b, 0), top = Math.max(...bars);
		return bars.reduce((a, b) => b * 50 < top ? a + b : a, 0) * 20 > all;
	};
	const logCount = document.getElementById("logcount");
	const histogram = () => {
		const l = data.labels[shown];
		if (!l || !l.bars) return make("histogram", {});
		const xs = l.bars.map((_, k) => (l.first + k) / data.perdec);
		xs.push((l.first + l.bars.length) / data.perdec);
		const log = logCount.checked, top = Math.max(...l.bars, ...l.outline);
		const bars = l.bars.map(v => log && v === 0 ? null : v).concat([null]);
		const outline = l.outline.map(v => log ? Math.max(v, 0.7) : v).concat([log ? 0.7 : 0]);
		const real = [...l.bars, null], realOutline = [...l.outline, null];
		const pad = Math.max(0, 8 - l.bars.length) / 2 / data.perdec;
		const y = log ? {distr: 3, log: 10, range: () => [0.7, top * 2.2]} : {distr: 1, range: () => [0, top * 1.12]};
		const edge = k => latency(Math.pow(10, xs[k]));
		make("histogram", {
			full: [xs[0] - pad - 0.5 / data.perdec, xs[xs.length - 1] + pad + 0.5 / data.perdec], scales: {y}, cursor: {dataIdx: under},
			series: [
				{label: "latency", value: (u, v, s, k) => k == null || k >= l.bars.length ? "–" : edge(k) + " to " + edge(k + 1)},
				{label: "response", fill: css("response"), stroke: css("response"), width: 0, paths: uPlot.paths.bars({size: [0.92, 200], align: 1}), value: (u, v, s, k) => k == null ? "–" : count(real[k]), points: {show: false}},
				{label: "service", stroke: css("service"), width: 1.6, paths: uPlot.paths.stepped({align: 1}), value: (u, v, s, k) => k == null ? "–" : count(realOutline[k]), points: {show: false}},
			],
			axes: [axis({
				splits: u => decades(Math.pow(10, u.scales.x.min), Math.pow(10, u.scales.x.max), u.width < 600 ? 1.5 : 3.4).map(Math.log10),
				values: (u, splits) => splits.map(v => tick(Math.pow(10, v))), space: 30,
			}), axis(logAxis(y, {size: 62, values: (u, splits) => splits.map(count)}))],
			hooks: {draw: [u => [["p50", l.p50], ["p99", l.p99]].forEach(([name, µs], row) => {
				if (µs < 0) return;
				const px = devicePixelRatio, at = u.valToPos(Math.log10(Math.max(1, µs)), "x", true);
				if (at < u.bbox.left || at > u.bbox.left + u.bbox.width) return;
				const top = u.bbox.top + (12 + row * 15) * px;
				mark(u, at, top - 10 * px, at, u.bbox.top + u.bbox.height, css("ink"), [3, 3]);
				const left = at > u.bbox.left + u.bbox.width - 90 * px;
				say(u, name + " " + latency(µs), at + (left ? -5 : 5) * px, top, left ? "right" : "left", css("ink"));
			})]},
		}, [xs, bars, outline]);
	};

	// A value holds from its place to the next one: point at what is under the mouse.
	const under = (u, series, nearest, x) => nearest > 0 && x < u.data[0][nearest] ? nearest - 1 : nearest;
	const end = column => column.concat(column.slice(-1)); // a staircase needs its last edge
	const throughput = () => {
		if (!data.at) return make("throughput", {});
		const xs = data.at.concat([data.end]), none = k => k == null;
		const at = k => Math.min(k, data.at.length - 1);
		const series = [{label: data.span > 1 ? "from" : "second", value: (u, v, s, k) => none(k) ? "–" : clock(data.at[at(k)])}];
		const columns = [xs];
		let below = data.at.map(() => 0);
		const stack = (data.outcomes || []).map(o => {
			below = below.map((v, i) => v + o.rate[i]);
			return {o, sum: below};
		});
		for (const {o, sum} of stack.reverse()) {
			columns.push(end(sum));
			series.push({label: o.name, fill: css(o.key), stroke: css(o.key), width: 0, paths: uPlot.paths.stepped({align: 1}), points: {show: false},
				value: (u, v, s, k) => none(k) ? "–" : count(o.rate[at(k)])});
		}
		columns.push(end(data.planned));
		series.push({label: "planned", stroke: css("plan"), width: 1.6, paths: uPlot.paths.stepped({align: 1}), points: {show: false}, value: (u, v) => count(v)});
		if (data.played) {
			columns.push(end(data.played));
			series.push({label: "played", stroke: css("plan"), width: 1.2, dash: [4, 3], paths: uPlot.paths.stepped({align: 1}), points: {show: false}, value: (u, v) => count(v)});
		}
		const top = Math.max(1, ...below, ...data.planned);
		make("throughput", {
			full: [0, data.end], follow: true, cursor: {sync: {key: "time", setSeries: false}, dataIdx: under},
			scales: {y: {range: () => [0, top * 1.08]}}, series,
			axes: [timeAxis(), axis({size: 62, values: (u, splits) => splits.map(count)})],
			hooks: {drawClear: [backdrop], draw: [veil, strips]},
		}, columns);
	};

	const overTime = () => {
		if (!data.at) return make("latency", {});
		const cols = [data.lag, data.max, data.p50, data.service, data.p99].map(c => c.map(one));
		const y = latencyScale([cols[0].map(v => v && Math.max(10, v)), ...cols.slice(1)]);
		const fine = data.at.length > document.body.clientWidth / 4 ? 0.6 : 1; // thin lines where points crowd
		const line = (label, colour, width) => ({label, stroke: css(colour), width: width * fine, value: (u, v) => latency(v), points: {show: cols[1].filter(v => v != null).length < 3, size: 6}});
		make("latency", {
			full: [0, data.end], follow: true, cursor: {sync: {key: "time", setSeries: false}}, scales: {y},
			series: [
				{label: data.span > 1 ? "from" : "second", value: (u, v, s, k) => k == null ? "–" : clock(data.at[k])},
				line("lag p99", "lag", 1), line("response max", "max", 1.2), line("response p50", "p50", 1.8), line("service p99", "under", 3.8), line("response p99", "response", 2.2),
			],
			axes: [timeAxis(), latencyAxis(y)],
			hooks: {drawClear: [backdrop], draw: [strips]},
		}, [data.at.map(t => (t + Math.min(t + data.span, data.end)) / 2), ...cols]);
	};

	const marks = () => {
		const said = [], p = document.getElementById("marks");
		const tally = l => (data.levels || []).filter(v => v === l).length;
		const times = n => data.span > 1 ? n + " spans of " + clock(data.span) : n + (n === 1 ? " second" : " seconds");
		if (data.span > 1) said.push("Each point stands for " + clock(data.span) + ": rates are its mean, latencies those of its worst second.");
		if ((data.warmup || []).some(Boolean)) said.push("Paler at the left: the warm-up, in the charts over time only.");
		if (tally("suspect")) said.push("Amber strip: the generator was suspect, " + times(tally("suspect")) + ".");
		if (tally("invalid")) said.push("Red strip: the generator was invalid, " + times(tally("invalid")) + ".");
		p.textContent = said.join(" ");
		p.hidden = !said.length;
	};

	const byLabel = () => { percentiles(); histogram(); };
	const everything = () => { byLabel(); throughput(); overTime(); };

	const choose = document.getElementById("label");
	const offer = () => {
		const name = l => l.name + " (n = " + count(l.n) + ")";
		choose.replaceChildren(...data.labels.map((l, i) => new Option(name(l), i)));
		choose.value = Math.min(shown, data.labels.length - 1);
		choose.parentElement.hidden = data.labels.length < 2;
	};
	offer();
	const pick = () => {
		shown = +choose.value || 0;
		const l = data.labels[shown];
		logCount.checked = !!(l && l.bars) && hides(l.bars);
		byLabel();
	};
	choose.onchange = pick;
	logCount.onchange = histogram;

	pick();
	throughput();
	overTime();
	marks();
	window.posfleet = charts; // for the page's own test

	// A run that is under way brings new figures, see live.js.
	addEventListener("posfleet", e => {
		const label = data.labels[shown] && data.labels[shown].name;
		const zoomed = Object.entries(charts).filter(([, u]) => !u.root.closest("figure").querySelector("button").hidden)
			.map(([name, u]) => [name, u.scales.x.min, u.scales.x.max]);
		data = e.detail;
		shown = Math.max(0, data.labels.findIndex(l => l.name === label));
		offer();
		everything();
		marks();
		for (const [name, min, max] of zoomed) if (charts[name]) charts[name].setScale("x", {min, max});
	});

	let wide = innerWidth;
	addEventListener("resize", () => {
		if (innerWidth === wide) return; // a phone's address bar
		wide = innerWidth;
		for (const u of Object.values(charts)) u.setSize({width: room(u.root.parentElement), height: tall});
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", everything);
	addEventListener("beforeprint", () => { root.classList.add("paper"); everything(); });
	addEventListener("afterprint", () => { root.classList.remove("paper"); everything(); });
})();
