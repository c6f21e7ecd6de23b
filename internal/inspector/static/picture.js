// Pictures: classes that can be hidden, shapes and rows that show each other, zoom,
// and the frames of a video.
import { fetchText } from "./fetch.js";

// enliven prepares what was just shown.
export function enliven(place) {
	for (const scene of place.querySelectorAll(".scene")) prepare(scene);
}

function prepare(scene) {
	const svg = scene.querySelector(".picture > svg");
	if (svg) zoom(scene, svg);

	scene.addEventListener("change", (event) => {
		const toggle = event.target.closest("[data-toggles]");
		if (toggle) show(scene, toggle.dataset.toggles, toggle.checked);
	});

	const slider = scene.querySelector(".frames input");
	slider?.addEventListener("input", () => turn(scene, slider.value));
	for (const link of scene.querySelectorAll(".frames a")) {
		link.addEventListener("click", (event) => {
			event.preventDefault();
			turn(scene, Number(slider.value) + (link.rel === "next" ? 1 : -1));
		});
	}
}

// show shows or hides a class.
function show(scene, name, shown) {
	const around = scene.closest("article") ?? scene;
	for (const shape of around.querySelectorAll(`[data-class="${CSS.escape(name)}"]`)) {
		if (shape instanceof SVGElement) shown ? shape.removeAttribute("display") : shape.setAttribute("display", "none");
		else if (shape.matches("tr")) shape.hidden = !shown;
	}
}

const asked = new WeakMap(); // the last frame, by scene: it wins

// turn shows another frame or page, with the classes hidden that are hidden.
async function turn(scene, number) {
	const slider = scene.querySelector(".frames input");
	number = Math.min(Math.max(number, 0), Number(slider.max));
	asked.set(scene, number);
	const query = new URLSearchParams(location.search);
	const how = new URLSearchParams();
	if (query.has("masks")) how.set("masks", "1");
	if (scene.dataset.against) how.set("against", scene.dataset.against);
	const { ok, text } = await fetchText(`/inbox/delivery/${scene.dataset.key}/picture/${number}?${how}`);
	if (!ok || asked.get(scene) !== number) return;
	const hidden = [...scene.querySelectorAll("[data-toggles]:not(:checked)")].map((box) => box.dataset.toggles);
	const focused = slider === document.activeElement;
	const next = new DOMParser().parseFromString(text, "text/html").querySelector(".scene");
	// What is being dragged must stay, so the rest is put around it.
	slider.value = number;
	slider.parentElement.firstChild.textContent = next.querySelector(".frames label").firstChild.textContent;
	for (const part of [".picture", ".objects", ".note"]) {
		const [old, fresh] = [scene.querySelector(part), next.querySelector(part)];
		if (old && fresh) old.replaceWith(fresh);
		else if (old) old.remove();
		else if (fresh) scene.append(fresh);
	}
	scene.dataset.number = number;
	zoom(scene, scene.querySelector(".picture > svg"));
	for (const name of hidden) show(scene, name, false);
	if (focused) slider.focus();
	if (scene.dataset.against) return;
	query.set("scene", number);
	history.replaceState(null, "", "?" + query);
}

// zoom lets a picture be moved and enlarged: it changes what part of it is in view.
function zoom(scene, svg) {
	const frame = svg.parentElement;
	const all = svg.viewBox.baseVal;
	const whole = { x: all.x, y: all.y, width: all.width, height: all.height };
	let view = { ...whole };
	const set = (next) => {
		view = next;
		svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
	};
	const scale = (by, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
		const width = Math.min(Math.max(view.width * by, whole.width / 500), whole.width * 4);
		by = width / view.width;
		set({ x: x - (x - view.x) * by, y: y - (y - view.y) * by, width, height: view.height * by });
	};
	const move = (x, y) => set({ ...view, x: view.x + x * view.width, y: view.y + y * view.height });
	const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

	frame.addEventListener("wheel", (event) => {
		if (!event.ctrlKey && document.activeElement !== frame) return; // else the page could not be scrolled past it
		event.preventDefault();
		const point = at(event);
		scale(event.deltaY > 0 ? 1.2 : 1 / 1.2, point.x, point.y);
	}, { passive: false });

	let from = null;
	frame.addEventListener("pointerdown", (event) => {
		if (event.button !== 0) return;
		from = at(event);
		frame.setPointerCapture(event.pointerId);
	});
	frame.addEventListener("pointermove", (event) => {
		if (!from) return;
		const to = at(event);
		set({ ...view, x: view.x + from.x - to.x, y: view.y + from.y - to.y });
	});
	for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { from = null; });

	frame.addEventListener("keydown", (event) => {
		const does = {
			"+": () => scale(1 / 1.25), "=": () => scale(1 / 1.25), "-": () => scale(1.25), "0": () => set({ ...whole }),
			ArrowLeft: () => move(-.1, 0), ArrowRight: () => move(.1, 0), ArrowUp: () => move(0, -.1), ArrowDown: () => move(0, .1),
		}[event.key];
		if (!does || event.ctrlKey || event.metaKey) return;
		event.preventDefault();
		does();
	});
	for (const button of scene.querySelectorAll("[data-zoom]")) {
		button.onclick = () => ({ in: () => scale(1 / 1.25), out: () => scale(1.25), all: () => set({ ...whole }) })[button.dataset.zoom]();
	}
}

// Shapes, rows and marks of the same object show each other.
function light(element, lit) {
	const object = element.dataset.object;
	const around = element.closest("article, .side") ?? document;
	for (const other of around.querySelectorAll(`[data-object="${CSS.escape(object)}"]`)) other.classList.toggle("lit", lit);
}
for (const [event, lit] of [["pointerover", true], ["pointerout", false], ["focusin", true], ["focusout", false]]) {
	document.addEventListener(event, ({ target }) => {
		const element = target.closest?.("[data-object]");
		if (element) light(element, lit);
	});
}
