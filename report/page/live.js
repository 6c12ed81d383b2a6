// Follows a run that is under way: fetches its figures whenever a second has ended, and
// stops when it is over.
"use strict";
(() => {
	const events = new EventSource("events");
	let busy = false, again = false;
	const fresh = async () => {
		if (busy) { again = true; return; }
		busy = true;
		try {
			const got = await fetch("now", {cache: "no-store"});
			if (!got.ok) return;
			const now = await got.json();
			for (const id of ["head", "kinds", "rest"]) document.getElementById(id).innerHTML = now[id];
			document.title = "posfleet: " + now.title;
			dispatchEvent(new CustomEvent("posfleet", {detail: now.data}));
			if (now.over) events.close();
		} catch (e) {
			// the run's process is gone, or the network: EventSource comes back by itself
		} finally {
			busy = false;
			if (again) { again = false; fresh(); }
		}
	};
	events.addEventListener("second", fresh);
	events.addEventListener("over", fresh);
})();
