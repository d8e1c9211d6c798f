// What is drawn: cards and lines of the nodes that are in view. Nodes that are folded into a module share a card.
const NAME = 14, SMALL = 11.5, SIGN = 15, MARGIN = 12, ROUND = 17, STEM = 13, FAR = 6, MOST_NEAR = 600;
const SVG = "http://www.w3.org/2000/svg";
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const widthOf = (text, size) => [...text].reduce((w, c) => w + (/\p{M}/u.test(c) ? 0 : WIDE.test(c) ? 2 : 1), 0) * 0.61 * size;
const sizeOf = (kind) => (kind === "name" ? NAME : SMALL);
const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
data.nodes.forEach((n, i) => { n.at = i; n.ins = []; n.outs = []; n.module = n.module || ""; n.lines = n.lines || []; });
data.edges.forEach((e) => { data.nodes[e.source].outs.push(e); data.nodes[e.target].ins.push(e); });

function make(name, attributes, text) {
  const e = document.createElementNS(SVG, name);
  for (const k in attributes) e.setAttribute(k, attributes[k]);
  if (text !== undefined) e.textContent = text;
  return e;
}

// -- which cards there are

const modules = [...new Set(data.nodes.filter((n) => n.kind !== "module").map((n) => n.module).filter(Boolean))];
const outermost = [...new Set(modules.map((m) => m.split(".")[0]))];
const view = { folded: new Set(), cards: [], lines: [], cardOf: [], x: 0, y: 0, scale: 1, shown: new Map(), chosen: null };

function groupOf(n) {
  if (!n.module || n.kind === "module") return null;
  for (let k = n.module.indexOf("."); ; k = n.module.indexOf(".", k + 1)) {
    const prefix = k < 0 ? n.module : n.module.slice(0, k);
    if (view.folded.has(prefix)) return prefix;
    if (k < 0) return null;
  }
}

function newCard(node, lines, more) {
  const c = { node, lines, sign: "", again: false, members: null, at: 0, ...more };
  c.signWidth = c.sign ? Math.max(2 * ROUND, widthOf(c.sign, SIGN) + 2 * MARGIN) : 0;
  c.frameWidth = lines.length ? Math.max(...lines.map(([k, t]) => widthOf(t, sizeOf(k)))) + 2 * MARGIN : 0;
  c.frameHeight = lines.length ? lines.reduce((h, [k]) => h + sizeOf(k) * 1.45, MARGIN) : 0;
  c.width = Math.max(c.signWidth, c.frameWidth);
  c.height = (c.sign ? 2 * ROUND : 0) + (c.sign && lines.length ? STEM : 0) + c.frameHeight;
  c.head = c.signWidth;
  c.radius = c.sign && c.signWidth === 2 * ROUND ? ROUND : 0;
  return c;
}

function cardFor(n) {
  const lines = n.lines.slice();
  if (n.grad_line && lines.length) lines.push(["grad", n.grad_line]);
  return newCard(n, lines, { sign: n.sign || "" });
}

// Nodes of no module that lie on a way from a folded module back into it belong to it.
function between() {
  const own = data.nodes.map(groupOf), all = [...new Set(own.filter(Boolean))], bit = new Map(all.map((g, i) => [g, 1n << BigInt(i)]));
  const above = own.map((g) => (g ? bit.get(g) : 0n)), below = above.slice();
  data.nodes.forEach((n, i) => { for (const e of n.ins) above[i] |= above[e.source]; });
  for (let i = data.nodes.length - 1; i >= 0; i--) for (const e of data.nodes[i].outs) below[i] |= below[e.target];
  view.groups = own.map((g, i) => g || (data.nodes[i].module ? null : all[all.findIndex((h) => above[i] & below[i] & bit.get(h))] ?? null));
}

function build() {
  between();
  const members = new Map(), cards = [];
  data.nodes.forEach((n) => { const g = view.groups[n.at]; if (g) members.has(g) ? members.get(g).push(n) : members.set(g, [n]); });
  const cardOf = view.cardOf = new Array(data.nodes.length);
  data.nodes.forEach((n) => {
    const g = view.groups[n.at];
    if (g && n !== members.get(g)[members.get(g).length - 1]) return;
    const some = g ? members.get(g) : [n];
    const c = g ? newCard(n, [["name", g], ["shape", some.length.toLocaleString("en") + " nodes"]], { members: some, module: g }) : cardFor(n);
    cards.push(c);
    for (const m of some) cardOf[m.at] = c;
  });
  cards.forEach((c, i) => { c.at = i; });
  const found = new Map(), lines = [];
  for (const e of data.edges) {
    const a = cardOf[e.source], b = cardOf[e.target];
    if (a === b) continue;
    const key = a.members || b.members ? a.at * cards.length + b.at : null;
    if (key !== null && found.has(key)) { found.get(key).edges.push(e); continue; }
    const line = { from: a, to: b, edges: [e] };
    if (key !== null) found.set(key, line);
    lines.push(line);
  }
  repeatLeaves(cards, lines);
  for (const line of lines) {
    const e = line.edges[0], many = line.edges.length + (e.count || 1) - 1;
    const source = line.from.node;
    const told = !line.from.members && source.lines.length && source.outs.length === 1;
    line.text = many > 1 ? many + " edges" : e.label && !told ? e.label : "";
    if (line.text) { line.labelWidth = widthOf(line.text, SMALL) + MARGIN; line.labelHeight = SMALL * 1.7; }
  }
  cards.forEach((c, i) => { c.at = i; });
  for (const line of lines) { line.source = line.from.at; line.target = line.to.at; }
  const start = performance.now();
  Object.assign(view, layout(cards, lines), { cards, lines });
  view.layoutTime = performance.now() - start;
  for (const line of lines) {
    const xs = line.points.map((p) => p[0]), ys = line.points.map((p) => p[1]);
    line.bounds = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  }
  for (const [, e] of view.shown) e.remove();
  view.shown.clear();
}

// A leaf with uses far apart is drawn again near each.
function repeatLeaves(cards, lines) {
  const rank = rankBoxes(cards.length, lines.map((l) => [l.from.at, l.to.at]))[0], uses = new Map();
  for (const l of lines) {
    if (l.from.members || !["leaf", "data"].includes(l.from.node.kind)) continue;
    uses.has(l.from) ? uses.get(l.from).push(l) : uses.set(l.from, [l]);
  }
  const again = [];
  for (const [card, some] of uses) {
    some.sort((a, b) => rank[a.to.at] - rank[b.to.at]);
    let near = rank[some[0].to.at], from = card;
    for (const l of some) {
      if (rank[l.to.at] > near + FAR) {
        near = rank[l.to.at];
        from = newCard(card.node, [["name", card.node.label]], { again: true, before: l.to.at });
        again.push(from);
      }
      l.from = from;
    }
  }
  again.sort((a, b) => a.before - b.before);
  const all = [];
  let k = 0;
  for (const c of cards) {
    while (k < again.length && again[k].before <= c.at) all.push(again[k++]);
    all.push(c);
  }
  cards.splice(0, cards.length, ...all);
}

// -- drawing

const path = (points) => {
  const n = (v) => Math.round(v * 10) / 10;
  let d = `M${n(points[0][0])} ${n(points[0][1])}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i], bend = (y1 - y0) / 2;
    d += Math.abs(x0 - x1) < 0.05 ? `V${n(y1)}` : `C${n(x0)} ${n(y0 + bend)} ${n(x1)} ${n(y1 - bend)} ${n(x1)} ${n(y1)}`;
  }
  return d;
};

function classesOf(c) {
  const n = c.node, found = ["card", c.members ? "module" : n.kind];
  if (n.is_output) found.push("last");
  if (c.again) found.push("again");
  const some = c.members || [n];
  if (some.some((m) => [m.value, m.gradient].some((s) => s && (s.nan || s.inf)))) found.push("sick");
  return found.join(" ");
}

function spoken(c) {
  if (c.members) return `module ${c.module}, ${c.members.length} nodes`;
  const n = c.node;
  return [n.label, n.kind === "operation" ? n.operation : n.kind, n.value && "value " + n.value.text, n.gradient && "gradient " + n.gradient.text]
    .filter(Boolean).join(", ");
}

function drawCard(c) {
  const g = make("g", { class: classesOf(c), transform: `translate(${c.x} ${c.y - c.height / 2})`, tabindex: 0, role: "button", "aria-label": spoken(c) });
  g.card = c;
  let y = 0;
  if (c.sign) {
    if (c.lines.length) g.append(make("path", { class: "edge", d: `M0 ${2 * ROUND}v${STEM}` }));
    const s = make("g", { class: "sign" });
    s.append(make("rect", { class: "disc", x: -c.signWidth / 2, y: 0, width: c.signWidth, height: 2 * ROUND, rx: ROUND }));
    s.append(make("text", { y: ROUND + SIGN * 0.35 }, c.sign));
    g.append(s);
    y = 2 * ROUND + (c.lines.length ? STEM : 0);
  }
  if (c.lines.length) {
    if (c.members) g.append(make("rect", { class: "box", x: -c.frameWidth / 2 + 4, y: y + 4, width: c.frameWidth, height: c.frameHeight, rx: 4 }));
    g.append(make("rect", { class: "box", x: -c.frameWidth / 2, y, width: c.frameWidth, height: c.frameHeight, rx: c.members ? 4 : 10 }));
    y += MARGIN / 2;
    for (const [kind, text] of c.lines) {
      const size = sizeOf(kind);
      g.append(make("text", { class: kind, y: y + size * 1.08 }, text));
      y += size * 1.45;
    }
  }
  return g;
}

function drawLine(l) {
  const g = make("g", {}), p = l.points.slice(), end = p.length - 1;
  const [x, y] = p[end], down = y >= p[end - 1][1] ? 1 : -1;
  p[end] = [x, y - 7 * down];
  g.append(make("path", { class: "edge" + (l.edges.some((e) => e.tracked) ? "" : " untracked"), d: path(p) }));
  g.append(make("path", { class: "tip", d: `M${x} ${y}l-4.2 ${-8.5 * down}h8.4z` }));
  return g;
}

function drawLabel(l) {
  const g = make("g", { class: "label" }), [x, y] = l.label;
  g.append(make("rect", { x: x - l.labelWidth / 2 + 1, y: y - l.labelHeight / 2, width: l.labelWidth - 2, height: l.labelHeight, rx: 5 }));
  g.append(make("text", { class: l.text[0] === "↑" ? "grad" : "shape", x, y: y + SMALL * 0.36 }, l.text));
  return g;
}

// Draws what is in view: in detail, or from afar as coloured marks on a canvas.
let frame = 0;
function draw() {
  if (!frame) frame = requestAnimationFrame(() => { frame = 0; const t = performance.now(); drawNow(); view.frameTime = performance.now() - t; });
}

function drawNow() {
  const stage = $("stage"), w = stage.clientWidth, h = stage.clientHeight, s = view.scale;
  const edge = 120 / s, box = [-view.x / s - edge, -view.y / s - edge, (w - view.x) / s + edge, (h - view.y) / s + edge];
  const inside = (a, b, c, d) => c >= box[0] && a <= box[2] && d >= box[1] && b <= box[3];
  const cards = view.cards.filter((c) => inside(c.x - c.width / 2, c.y - c.height / 2, c.x + c.width / 2, c.y + c.height / 2));
  const near = cards.length <= MOST_NEAR;
  $("near").style.display = near ? "" : "none";
  $("far").style.display = near ? "none" : "";
  if (!near) return drawFar(cards, view.lines.filter((l) => inside(...l.bounds)), w, h);
  $("world").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${s})`);
  const wanted = new Set(cards);
  for (const l of view.lines) if (inside(...l.bounds)) wanted.add(l);
  for (const [thing, e] of view.shown) if (!wanted.has(thing) && !e.contains(document.activeElement)) { e.labelElement?.remove(); e.remove(); view.shown.delete(thing); }
  for (const thing of wanted) {
    if (view.shown.has(thing)) continue;
    const e = thing.points ? drawLine(thing) : drawCard(thing);
    if (thing.points && thing.text && thing.label) { e.labelElement = drawLabel(thing); $("labels").append(e.labelElement); }
    (thing.points ? $("lines") : $("cards")).append(e);
    view.shown.set(thing, e);
  }
  mark();
}

function drawFar(cards, lines, w, h) {
  const canvas = $("far"), ratio = window.devicePixelRatio || 1, style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue("--" + name).trim();
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
  const c = canvas.getContext("2d"), s = view.scale * ratio;
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.clearRect(0, 0, canvas.width, canvas.height);
  c.setTransform(s, 0, 0, s, view.x * ratio, view.y * ratio);
  c.lineWidth = Math.max(1.5, 0.7 / view.scale);
  c.strokeStyle = colour("line");
  c.globalAlpha = view.scale < 0.1 ? 0.3 : 0.6;
  c.beginPath();
  for (const l of lines) { l.points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y))); }
  c.stroke();
  c.globalAlpha = 1;
  const fills = {}, now = steps.at > 0 ? steps.order[steps.at - 1] : null;
  for (const k of cards) {
    const n = k.node, kind = n.is_output ? "last-edge" : k.members || n.kind === "run" ? "fold-edge" : n.kind === "operation" ? "sign" : n.kind + "-edge";
    (fills[kind] = fills[kind] || []).push(k);
  }
  for (const kind in fills) {
    c.fillStyle = colour(kind);
    for (const k of fills[kind]) {
      const w = Math.max(k.width, 2.5 / view.scale), h = Math.max(k.height, 2.5 / view.scale);
      c.fillRect(k.x - w / 2, k.y - h / 2, w, h);
    }
  }
  for (const [card, name] of [[view.chosen, "leaf-edge"], [now && view.cardOf[now.at], "now"]]) {
    if (!card) continue;
    c.strokeStyle = colour(name);
    c.lineWidth = Math.max(5, 4 / view.scale);
    c.strokeRect(card.x - card.width / 2, card.y - card.height / 2, card.width, card.height);
  }
}

// Classes that change with the step and the choice.
function mark() {
  const now = steps.at > 0 ? steps.order[steps.at - 1] : null, current = now && view.cardOf[now.at];
  for (const [thing, e] of view.shown) {
    if (thing.points) {
      const arrived = thing.edges.some((x) => steps.arrived(x));
      e.classList.toggle("active", steps.active() && thing.edges.some((x) => x.tracked && now && x.target === now.at));
      e.labelElement?.classList.toggle("waiting", thing.text[0] === "↑" && !arrived);
    } else {
      e.classList.toggle("chosen", thing === view.chosen || (!!view.chosen && !view.chosen.members && thing.node === view.chosen.node));
      e.classList.toggle("now", steps.active() && thing === current);
      e.classList.toggle("dim", steps.active() && !thing.members && thing.node.kind === "data");
      e.querySelectorAll("text.grad").forEach((t) => t.classList.toggle("waiting", !steps.complete(thing.node)));
    }
  }
}

// -- moving

function zoom(factor, x, y) {
  const stage = $("stage"), s = Math.min(4, Math.max(0.01, view.scale * factor));
  x = x ?? stage.clientWidth / 2;
  y = y ?? stage.clientHeight / 2;
  view.x = x - ((x - view.x) * s) / view.scale;
  view.y = y - ((y - view.y) * s) / view.scale;
  view.scale = s;
  draw();
}

function fit() {
  const w = $("stage").clientWidth, h = $("stage").clientHeight;
  view.scale = Math.max(0.01, Math.min(1.25, (w - 48) / Math.max(view.width, 1), (h - 48) / Math.max(view.height, 1)));
  view.x = (w - view.width * view.scale) / 2;
  view.y = (h - view.height * view.scale) / 2;
  draw();
}

function centre(c, scale) {
  const w = $("stage").clientWidth, h = $("stage").clientHeight;
  if (scale) view.scale = Math.max(view.scale, scale);
  view.x = w / 2 - c.x * view.scale;
  view.y = h / 2 - c.y * view.scale;
  draw();
}

// Moves only if the card is not well in view.
function reveal(c) {
  const w = $("stage").clientWidth, h = $("stage").clientHeight, x = c.x * view.scale + view.x, y = c.y * view.scale + view.y;
  const room = Math.min(60, w / 6, h / 6);
  if (x < room || x > w - room || y < room || y > h - room || view.scale < 0.35) centre(c, 0.6);
  else draw();
}
