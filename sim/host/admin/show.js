// How the page shows things: words, amounts, times, tables. What comes from the host goes
// in as text, never as HTML.
import { words, chinese } from "./words.js";

export const $ = (id) => document.getElementById(id);
export let language = (sessionStorage.getItem("language") ?? navigator.language).startsWith("zh") ? "zh" : "en";

// otherLanguage is the page in the other one from now on.
export function otherLanguage() {
	language = language === "zh" ? "en" : "zh";
	sessionStorage.setItem("language", language);
}

export const say = (word) => words[language][word] ?? word;
// named is an API's name in the reader's language.
export const named = (name) => (language === "zh" ? chinese[name] : undefined) ?? name ?? "";
let decimals = 2;
// inCurrency shows amounts as those of a currency, whose minor unit is so many decimals.
export function inCurrency(n) { decimals = n ?? 2; }
export const yuan = (minor) => {
	const text = String(Math.abs(minor)).padStart(decimals + 1, "0");
	const at = text.length - decimals;
	return (minor < 0 ? "−" : "") + text.slice(0, at).replace(/\B(?=(\d{3})+$)/g, ",") + (decimals ? "." + text.slice(at) : "");
};
export const two = (n) => String(n).padStart(2, "0");
export const when = (text) => {
	const t = new Date(text ?? NaN);
	return isNaN(t) ? "" : `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`;
};

// make is an element with text or elements in it.
export function make(tag, kind, ...inside) {
	const e = document.createElement(tag);
	if (kind) e.className = kind;
	e.append(...inside.map((i) => (i instanceof Node ? i : String(i ?? ""))));
	return e;
}

export function button(label, press, kind = "link") {
	const b = make("button", kind, label);
	b.type = "button";
	b.onclick = press;
	return b;
}

// table fills a table: columns are [word, kind, cell of a row], where a cell is what to
// show, or that and its kind. A column with nothing in it is left out. Who is at a
// button stays there.
export function table(of, columns, rows, empty, kind = () => "") {
	const at = of.contains(document.activeElement) && document.activeElement.textContent;
	if (rows.length) columns = columns.filter(([, , cell]) => rows.some((row) => cell(row) !== ""));
	of.querySelector("thead").replaceChildren(make("tr", "", ...columns.map(([word, c]) => make("th", c, say(word)))));
	const body = rows.map((row) => make("tr", kind(row), ...columns.map(([, c, cell]) => {
		const got = cell(row);
		return make("td", Array.isArray(got) ? `${c} ${got[1]}` : c, Array.isArray(got) ? got[0] : got);
	})));
	if (!rows.length) {
		const cell = make("td", "of", say(empty));
		cell.colSpan = columns.length;
		body.push(make("tr", "", cell));
	}
	of.querySelector("tbody").replaceChildren(...body);
	if (at) [...of.querySelectorAll("td button")].find((b) => b.textContent === at)?.focus();
}

export const figures = (of, pairs) => of.replaceChildren(...pairs.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));
export const remark = (section, text) => { section.querySelector(".remark").textContent = text; };
export const stateKind = (state) => ({ active: "good", approved: "good", paid: "good", suspended: "bad", closed: "bad", declined: "bad", cancelled: "bad", expired: "bad" })[state] ?? "warn";
export const six = (n) => String(n).padStart(6, "0"); // batches and traces
