// Steps, search, folding, theme, pointer and keys.
const steps = {
  order: data.nodes.filter((n) => n.gradient && n.ins.some((e) => e.tracked)).reverse(),
  when: new Map(),
  at: 0, // how many rules have run; `on` says whether the pass is being watched at all
  on: false,
  active() { return this.on && this.at <= this.order.length; },
  arrived(e) { return !this.on || (e.tracked && (this.when.get(e.target) ?? Infinity) <= this.at); },
  complete(n) { return !this.on || n.outs.every((e) => !e.tracked || (this.when.get(e.target) ?? 0) <= this.at) && (n.is_output || n.outs.length > 0); },
};
steps.order.forEach((n, i) => steps.when.set(n.at, i + 1));

function goTo(k) {
  if (!steps.order.length) return;
  steps.on = true;
  steps.at = Math.min(Math.max(k, 0), steps.order.length);
  if (k > steps.order.length) { steps.on = false; steps.at = 0; }
  sayStep();
  if (steps.on && steps.at) reveal(view.cardOf[steps.order[steps.at - 1].at]);
  draw();
}
const forward = () => goTo(steps.on ? steps.at + 1 : 0);
const backward = () => goTo(steps.on ? steps.at - 1 : steps.order.length);

function sayStep() {
  const out = $("step"), total = steps.order.length;
  $("first").disabled = $("next").disabled = $("last").disabled = !total;
  $("back").disabled = !total || (steps.on && steps.at === 0);
  if (!total) {
    $("count").textContent = "";
    out.replaceChildren(tag("span", { class: "soft" }, data.notes ? "No gradients to step through." : "This graph was drawn without gradients."));
    return;
  }
  $("count").textContent = steps.on ? `step ${steps.at} of ${total}` : `${total} steps`;
  if (!steps.on) { out.replaceChildren(tag("span", { class: "soft" }, "All gradients have arrived. ▶ watches them come, one node at a time.")); return; }
  if (!steps.at) {
    const roots = data.nodes.filter((n) => n.is_output).map((n) => n.label).join(", ");
    out.replaceChildren(tag("span", {}, `The backward pass begins with 1 at ${roots}.`));
    return;
  }
  const n = steps.order[steps.at - 1];
  const lines = [tag("div", {}, tag("b", {}, n.label), ` = ${n.formula || n.operation || n.label}, g = ${n.gradient.text} `, tag("span", { class: "soft" }, place(n)))];
  if (n.rule) lines.push(tag("div", { class: "soft" }, n.rule));
  for (const e of n.ins.filter((x) => x.tracked)) {
    const source = data.nodes[e.source], value = e.gradient ? e.spelled || (e.rule ? `${e.rule} = ${e.gradient.text}` : e.gradient.text) : "nothing";
    const sum = steps.complete(source) && source.outs.filter((x) => x.tracked).length > 1 && source.gradient;
    lines.push(tag("div", { class: "rule" }, `↑ ${source.label}: ${value}`, sum ? `; all its paths together ${source.gradient.text}` : ""));
  }
  out.replaceChildren(...lines);
  out.scrollTop = 0;
}

// -- choosing, folding

function choose(n, quiet) {
  const before = view.folded.size;
  for (let g = view.groups[n.at]; g; g = groupOf(n)) view.folded.delete(g);
  if (view.folded.size !== before) { build(); sayFold(); }
  chooseCard(view.cardOf[n.at], n);
  if (!quiet) reveal(view.chosen);
}

function chooseCard(c, node) {
  view.chosen = c;
  showPanel(c, node);
  draw();
}

function rebuilt(keep) {
  const node = keep ?? view.chosen?.node;
  build();
  sayFold();
  if (node) { chooseCard(view.cardOf[node.at]); reveal(view.chosen); } else fit();
}

function foldModule(m, folded) {
  if (folded) view.folded.add(m); else view.folded.delete(m);
  rebuilt(data.nodes.findLast((n) => n.module === m || n.module.startsWith(m + ".")));
}

function foldAll() {
  const folded = outermost.some((m) => !view.folded.has(m));
  view.folded = new Set(folded ? outermost : []);
  rebuilt(null);
  if (!view.chosen) fit();
}

function sayFold() {
  const all = outermost.length > 0 && outermost.every((m) => view.folded.has(m));
  $("fold").disabled = !outermost.length;
  $("fold").textContent = all ? "Unfold" : "Fold";
  $("fold").setAttribute("aria-pressed", String(all));
}

function stepNode(d) {
  const cards = view.cards.filter((c) => !c.again);
  const i = view.chosen ? cards.indexOf(view.chosen) : d > 0 ? -1 : cards.length;
  const c = cards[Math.min(Math.max(i + d, 0), cards.length - 1)];
  if (c) { chooseCard(c); reveal(c); }
}

// -- search

const texts = data.nodes.map((n) => [n.label, n.name, n.operation, n.backward_name, n.module, place(n), n.where?.text].filter(Boolean).join(" \u0001").toLowerCase());
let hits = [], hit = -1;

function search() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean), list = $("found");
  hit = -1;
  hits = words.length ? data.nodes.filter((_, i) => words.every((w) => texts[i].includes(w))) : [];
  const exact = $("search").value.trim().toLowerCase();
  hits.sort((a, b) => (b.label.toLowerCase() === exact) - (a.label.toLowerCase() === exact) || a.at - b.at);
  const total = hits.length;
  hits = hits.slice(0, 50);
  list.replaceChildren(...hits.map((n, i) => tag("li", { role: "option", id: `hit-${i}`, "aria-selected": "false", onpointerdown: (e) => { e.preventDefault(); take(i); } }, n.label, tag("small", {}, [n.operation || n.kind, place(n)].filter(Boolean).join("  ")))));
  if (words.length && !total) list.append(tag("li", { class: "none", role: "option", "aria-disabled": "true" }, "nothing found"));
  if (total > 50) list.append(tag("li", { class: "none", role: "option", "aria-disabled": "true" }, `and ${total - 50} more`));
  list.hidden = !words.length;
  $("search").setAttribute("aria-expanded", String(!list.hidden));
  if (hits.length) pick(0);
}

function pick(i) {
  hit = (i + hits.length) % hits.length;
  [...$("found").children].forEach((li, k) => li.setAttribute("aria-selected", String(k === hit)));
  $("search").setAttribute("aria-activedescendant", `hit-${hit}`);
  $("found").children[hit].scrollIntoView({ block: "nearest" });
}

function take(i) {
  choose(hits[i]);
  centre(view.chosen, 0.8);
  closeSearch();
}

function closeSearch() {
  $("found").hidden = true;
  $("search").setAttribute("aria-expanded", "false");
  $("search").removeAttribute("aria-activedescendant");
}

$("search").addEventListener("input", search);
$("search").addEventListener("blur", closeSearch);
$("search").addEventListener("keydown", (e) => {
  if (e.key === "ArrowDown" && hits.length) pick(hit + 1);
  else if (e.key === "ArrowUp" && hits.length) pick(hit - 1);
  else if (e.key === "Enter" && hits.length) { take(Math.max(hit, 0)); $("stage").focus(); }
  else if (e.key === "Escape") { closeSearch(); $("search").value = ""; $("stage").focus(); }
  else return;
  e.preventDefault();
  e.stopPropagation();
});

// -- theme

const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
function sayTheme() {
  $("theme").textContent = dark() ? "☀" : "☾";
  $("theme").setAttribute("aria-label", dark() ? "Switch to light" : "Switch to dark");
  draw();
}
function switchTheme() {
  document.documentElement.dataset.theme = dark() ? "light" : "dark";
  sayTheme();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", sayTheme);

// -- pointer

const stage = $("stage"), pointers = new Map();
let moved = 0;
stage.addEventListener("wheel", (e) => {
  e.preventDefault();
  const r = stage.getBoundingClientRect();
  zoom(Math.exp(-e.deltaY * (e.deltaMode ? 0.05 : e.ctrlKey ? 0.01 : 0.0016)), e.clientX - r.left, e.clientY - r.top);
}, { passive: false });
stage.addEventListener("pointerdown", (e) => { if (e.button === 0) { pointers.set(e.pointerId, [e.clientX, e.clientY]); moved = 0; } });
window.addEventListener("pointermove", (e) => {
  const from = pointers.get(e.pointerId);
  if (!from) return;
  const others = [...pointers].filter(([id]) => id !== e.pointerId).map(([, p]) => p);
  const dx = e.clientX - from[0], dy = e.clientY - from[1];
  moved += Math.abs(dx) + Math.abs(dy);
  if (moved > 4) stage.classList.add("dragging");
  if (others.length) {
    const r = stage.getBoundingClientRect(), [ox, oy] = others[0];
    const before = Math.hypot(from[0] - ox, from[1] - oy), after = Math.hypot(e.clientX - ox, e.clientY - oy);
    if (before > 0) zoom(after / before, (e.clientX + ox) / 2 - r.left, (e.clientY + oy) / 2 - r.top);
    view.x += dx / 2;
    view.y += dy / 2;
  } else if (moved > 4) { view.x += dx; view.y += dy; }
  pointers.set(e.pointerId, [e.clientX, e.clientY]);
  draw();
});
for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, (e) => { pointers.delete(e.pointerId); if (!pointers.size) stage.classList.remove("dragging"); });
stage.addEventListener("click", (e) => {
  if (moved > 4) return;
  const c = e.target.closest(".card")?.card ?? cardAt(e);
  if (c) chooseCard(c);
});
stage.addEventListener("dblclick", (e) => { const c = e.target.closest(".card")?.card; if (c?.members) foldModule(c.module, false); });
function cardAt(e) {
  if ($("far").style.display === "none") return null;
  const r = stage.getBoundingClientRect(), x = (e.clientX - r.left - view.x) / view.scale, y = (e.clientY - r.top - view.y) / view.scale, edge = 4 / view.scale;
  return view.cards.find((c) => Math.abs(x - c.x) <= c.width / 2 + edge && Math.abs(y - c.y) <= c.height / 2 + edge);
}

// -- keys and buttons

const help = $("help"), ask = () => (help.open ? help.close() : help.showModal());
const keys = {
  ArrowRight: forward, ArrowDown: forward, ArrowLeft: backward, ArrowUp: backward, Home: () => goTo(0), End: () => goTo(steps.order.length + 1),
  j: () => stepNode(1), k: () => stepNode(-1), "/": () => { $("search").focus(); $("search").select(); }, f: fit, m: () => outermost.length && foldAll(),
  u: () => { const c = view.chosen; if (c?.members) foldModule(c.module, false); else if (c?.node.module) foldModule(c.node.module, true); },
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), "−": () => zoom(0.8), t: switchTheme, "?": ask,
  Escape: () => !$("panel").hidden && closePanel(),
};
const pans = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.target === $("search") || (help.open && e.key !== "?")) return;
  const card = e.target.closest?.(".card")?.card;
  if ((e.key === "Enter" || e.key === " ") && card) { chooseCard(card); $("panel").querySelector("h2").focus(); }
  else if (e.shiftKey && pans[e.key]) { view.x += pans[e.key][0]; view.y += pans[e.key][1]; draw(); }
  else if (keys[e.key] && !(e.target.closest?.("#panel") && (e.key.startsWith("Arrow") || e.key === "Home" || e.key === "End"))) keys[e.key]();
  else return;
  e.preventDefault();
});
const presses = { fold: foldAll, in: () => zoom(1.25), out: () => zoom(0.8), fit, theme: switchTheme, ask, first: () => goTo(0), back: backward, next: forward, last: () => goTo(steps.order.length + 1) };
for (const id in presses) $(id).addEventListener("click", presses[id]);
stage.addEventListener("focusin", (e) => { const c = e.target.closest?.(".card")?.card; if (c && e.target.matches(":focus-visible")) reveal(c); stage.scrollTo(0, 0); });
new ResizeObserver(draw).observe(stage);

// -- begin

(function begin() {
  const edges = data.edges.length, count = data.nodes.length;
  $("title").textContent = data.title;
  $("facts").textContent = `${count.toLocaleString("en")} node${count === 1 ? "" : "s"}, ${edges.toLocaleString("en")} edge${edges === 1 ? "" : "s"}`;
  if (data.notes) { $("notes").hidden = false; $("notes").textContent = data.notes.join(" · "); }
  if (data.nodes.length > 400 && outermost.length) view.folded = new Set(outermost);
  build();
  sayFold();
  sayStep();
  sayTheme();
  fit();
  if (view.scale < 0.3) {
    const last = data.nodes.find((n) => n.is_output);
    view.scale = 0.7;
    if (last) { centre(view.cardOf[last.at]); view.y += $("stage").clientHeight / 3; }
  }
  drawNow();
  document.body.dataset.ready = String(Math.round(performance.now()));
})();
