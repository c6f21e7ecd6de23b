// The list: older rows come as it is scrolled, new ones as they arrive.
import { fetchText } from "./fetch.js";

// follow keeps the list up to date.
export function follow(list, status) {
	const rows = list.querySelector(".rows");

	// Older parts, before the end is in sight.
	const ahead = new IntersectionObserver(async (entries) => {
		for (const { isIntersecting, target } of entries) {
			if (!isIntersecting || target.dataset.asked) continue;
			target.dataset.asked = "yes";
			const chunk = target.closest(".chunk");
			const query = new URLSearchParams(location.search);
			query.set("before", chunk.dataset.next);
			const { ok, text } = await fetchText("/inbox/rows?" + query);
			if (!ok || !target.isConnected) {
				delete target.dataset.asked;
				continue;
			}
			chunk.insertAdjacentHTML("afterend", text);
			target.remove();
		}
	}, { root: null, rootMargin: "1500px" });
	const watch = () => {
		for (const more of rows.querySelectorAll(".more:not([data-seen])")) {
			more.dataset.seen = "yes";
			ahead.observe(more);
		}
	};
	new MutationObserver(watch).observe(rows, { childList: true });
	watch();

	// News: one request at a time, and one more if something came meanwhile.
	let busy = false;
	let again = false;
	async function refresh() {
		if (busy) {
			again = true;
			return;
		}
		busy = true;
		do {
			again = false;
			if (!new URLSearchParams(location.search).has("before")) {
				const { ok, text } = await fetchText("/inbox/rows" + location.search);
				if (ok) merge(rows, text);
			}
			await new Promise((done) => setTimeout(done, 500));
		} while (again);
		busy = false;
	}
	const news = new EventSource("/inbox/live");
	let lost = false;
	news.addEventListener("open", () => {
		status.textContent = "live";
		if (lost) refresh();
		lost = false;
	});
	news.addEventListener("error", () => {
		status.textContent = "not connected";
		lost = true;
	});
	news.addEventListener("changed", refresh);
	addEventListener("pagehide", () => news.close());
}

// merge puts new rows on top and takes over what has changed in the others.
function merge(rows, text) {
	const fresh = new DOMParser().parseFromString(text, "text/html");
	const first = rows.querySelector(".chunk");
	if (!first) {
		rows.insertAdjacentHTML("beforeend", text);
		return;
	}
	const known = new Map([...rows.querySelectorAll(".chunk .row[data-id]")].map((row) => [row.dataset.id, row]));
	const newest = first.querySelector(".row[data-id]");
	let before = newest;
	for (const row of fresh.querySelectorAll(".row[data-id]")) {
		const old = known.get(row.dataset.id);
		if (!old) {
			// Further down is what came between two parts that are here already.
			if (before && row.dataset.at < before.dataset.at && known.size >= 100) continue;
			row.classList.add("new");
			if (before) before.before(row);
			else first.append(row);
			continue;
		}
		before = old.nextElementSibling?.matches(".row[data-id]") ? old.nextElementSibling : before;
		if (old.matches(".current")) row.classList.add("current");
		if (old.className === row.className && old.textContent === row.textContent) continue;
		old.className = row.className;
		old.children[2].replaceWith(row.children[2]); // outcome and repeats, which alone change
	}
	if (known.size === 0) document.getElementById("empty")?.remove();
}
