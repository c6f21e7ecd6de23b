// What the page does without a reload. Each state is a URL that the server renders,
// too, so that a link shows the same.
import { fetchText } from "./fetch.js";
import { follow } from "./list.js";
import { enliven } from "./picture.js";

const detail = document.getElementById("detail");
const list = document.getElementById("list");

// put shows HTML that the server has made.
function put(place, html) {
	place.innerHTML = html;
	enliven(place);
}

let asked = 0; // the last one wins

// open shows a delivery beside the list. A page that may load an image from elsewhere
// shows no other delivery: the next one is a page of its own.
async function open(link, { replace = false, focus = false } = {}) {
	if (document.body.hasAttribute("data-image")) {
		location.assign(link.href);
		return;
	}
	const id = new URL(link.href).searchParams.get("d");
	const mine = ++asked;
	const { ok, status, text } = await fetchText("/inbox/delivery/" + encodeURIComponent(id));
	if (mine !== asked) return;
	if (!ok && status !== 404) {
		location.assign(link.href);
		return;
	}
	history[replace ? "replaceState" : "pushState"](null, "", link.href);
	put(detail, text);
	detail.scrollTop = 0;
	document.body.classList.add("open");
	mark(id);
	if (focus) detail.focus();
}

// mark says which row is open.
function mark(id) {
	for (const row of list.querySelectorAll(".row.current")) {
		row.classList.remove("current");
		row.querySelector("a").removeAttribute("aria-current");
	}
	const row = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
	row?.classList.add("current");
	row?.querySelector("a").setAttribute("aria-current", "true");
}

list.addEventListener("click", (event) => {
	const link = event.target.closest(".row")?.querySelector("a");
	if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
	event.preventDefault();
	open(link);
});

// step goes to the row above or below.
function step(by) {
	const rows = [...list.querySelectorAll(".chunk .row[data-id]:not([hidden])")];
	const at = rows.findIndex((row) => row.matches(".current"));
	const row = rows[Math.min(Math.max(at < 0 ? 0 : at + by, 0), rows.length - 1)];
	const link = row?.querySelector("a");
	if (!link) return;
	row.scrollIntoView({ block: "nearest" });
	link.focus({ preventScroll: true });
	mark(row.dataset.id);
	open(link, { replace: true });
}

document.addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, .picture")) return;
	switch (event.key) {
	case "ArrowDown":
	case "ArrowUp":
		if (event.target.closest("#detail")) return; // which scrolls
		step(event.key === "ArrowDown" ? 1 : -1);
		break;
	case "Enter": {
		if (!event.target.closest("#list")) return;
		const link = event.target.closest(".row")?.querySelector("a");
		if (!link) return;
		open(link, { replace: true, focus: true });
		break;
	}
	case "/":
		document.querySelector("#filter [name=q]").focus();
		break;
	case "r":
		detail.querySelector(".replay input")?.focus();
		break;
	default:
		return;
	}
	event.preventDefault();
});

// Filters narrow the list at once.
const filter = document.getElementById("filter");
let typing = 0;
for (const kind of ["input", "change"]) {
	filter.addEventListener(kind, () => {
		clearTimeout(typing);
		typing = setTimeout(narrow, kind === "input" ? 250 : 0);
	});
}
filter.addEventListener("submit", (event) => {
	event.preventDefault();
	narrow();
});

async function narrow() {
	clearTimeout(typing);
	const query = new URLSearchParams([...new FormData(filter)].filter(([, value]) => value));
	const shown = new URLSearchParams(location.search).get("d");
	if (shown) query.set("d", shown);
	const address = "/?" + query;
	const { ok, text } = await fetchText("/inbox/rows?" + query);
	if (!ok) {
		location.assign(address);
		return;
	}
	history.replaceState(null, "", address);
	document.getElementById("empty")?.remove();
	for (const chunk of list.querySelectorAll(".chunk")) chunk.remove();
	list.querySelector(".rows").insertAdjacentHTML("beforeend", text);
	if (!list.querySelector(".chunk .row[data-id]")) {
		list.insertAdjacentHTML("beforeend", '<p id="empty" class="note">Nothing matches the filter.</p>');
	}
	list.scrollTop = 0;
}

// Sending again, and copying.
detail.addEventListener("submit", async (event) => {
	const form = event.target.closest(".replay");
	if (!form) return;
	event.preventDefault();
	const place = form.parentElement.querySelector(".result");
	place.textContent = "Sending…";
	const { text, status } = await fetchText(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
	if (status === 200) put(place, text);
	else place.textContent = text || "labelhook does not answer; is it still running?";
});

detail.addEventListener("click", async (event) => {
	const button = event.target.closest("[data-copy]");
	if (!button) return;
	const { ok, text } = await fetchText(button.dataset.copy);
	const before = button.dataset.label ??= button.textContent;
	try {
		if (!ok) throw new Error();
		await navigator.clipboard.writeText(text.replace(/\n$/, ""));
		button.textContent = "Copied";
	} catch {
		button.textContent = "Could not be copied";
	}
	setTimeout(() => { button.textContent = before; }, 2000);
});

addEventListener("popstate", () => location.reload());

enliven(document);
follow(list, document.getElementById("live"));
