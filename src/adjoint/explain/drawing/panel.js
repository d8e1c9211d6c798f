// The panel: all that is known of a node.
function tag(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const k in attributes) k.startsWith("on") ? e.addEventListener(k.slice(2), attributes[k]) : e.setAttribute(k, attributes[k]);
  e.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}
const number = (v) => (v === undefined || v === null ? "–" : Math.abs(v) !== 0 && (Math.abs(v) < 1e-4 || Math.abs(v) >= 1e6) ? v.toExponential(3) : String(+v.toPrecision(5)));
const bytes = (n) => (n < 1024 ? `${n} B` : n < 1048576 ? `${(n / 1024).toFixed(1)} KiB` : `${(n / 1048576).toFixed(1)} MiB`);
const shapeText = (n) => (n.shape ? `${n.dtype || ""} [${n.shape.join(", ")}]`.trim() : "");
const place = (n) => (n.where ? `${n.where.file.split(/[\\/]/).pop()}:${n.where.line}` : "");

function link(n) {
  return tag("button", { class: "link", onclick: () => choose(n) }, n.label);
}

function histogram(s, title) {
  if (!s.histogram) return null;
  const most = Math.max(...s.histogram), k = s.histogram.length;
  const svg = make("svg", { class: "histogram", viewBox: `0 0 ${k * 10} 64`, preserveAspectRatio: "none", role: "img", "aria-label": `Histogram of the ${title} from ${number(s.min)} to ${number(s.max)}: ${s.histogram.join(", ")}` });
  s.histogram.forEach((c, i) => {
    const h = c ? Math.max(1.5, (c / most) * 62) : 0;
    const bar = make("rect", { x: i * 10 + 0.5, y: 64 - h, width: 9, height: h });
    const step = (s.max - s.min) / k;
    bar.append(make("title", {}, `${c} from ${number(s.min + i * step)} to ${number(s.min + (i + 1) * step)}`));
    svg.append(bar);
  });
  return tag("div", {}, svg, tag("div", { class: "range" }, tag("span", {}, number(s.min)), tag("span", {}, number(s.max))));
}

function numbers(s, title) {
  const row = (name, value, bad) => tag("tr", {}, tag("th", { scope: "row" }, name), tag("td", { class: "number" + (bad ? " bad" : "") }, value));
  const box = tag("section", { class: title }, tag("h3", {}, title), tag("pre", {}, s.text));
  if (s.count > 1) {
    box.append(tag("table", {}, tag("tbody", {},
      row("elements", s.count.toLocaleString("en")), row("min", number(s.min)), row("mean", number(s.mean)), row("max", number(s.max)),
      row("std", number(s.std)), row("norm", number(s.norm)), row("zeros", `${+((s.zeros || 0) * 100).toPrecision(3)} %`),
      s.nan ? row("nan", s.nan, true) : null, s.inf ? row("inf", s.inf, true) : null)));
  } else if (s.nan || s.inf) box.append(tag("p", { class: "bad" }, s.nan ? "not a number" : "infinite"));
  const h = histogram(s, title);
  if (h) box.append(h);
  return box;
}

function edgeItem(e, other) {
  return tag("li", {}, link(other), e.name ? tag("span", { class: "kind" }, ` ${e.name}`) : null, !e.tracked ? tag("span", { class: "kind" }, " · no gradient") : null,
    e.slope ? tag("code", {}, `  slope ${e.slope}`) : null,
    e.gradient ? tag("span", { class: "rule" }, `↑ ${e.spelled || (e.rule ? `${e.rule} = ${e.gradient.text}` : e.gradient.text)}`) : null);
}

function moduleTools(n) {
  if (!n.module || n.kind === "module") return null;
  return tag("p", {}, tag("span", { class: "kind" }, "module "), tag("code", {}, n.module), " ",
    tag("button", { onclick: () => foldModule(n.module, true) }, "Fold it"));
}

function showNode(n) {
  const what = n.kind === "operation" ? `${n.operation}   ${n.backward_name || ""}` : { leaf: "requires grad", data: "data without gradient", module: "module", run: "chain" }[n.kind];
  const parts = [tag("h2", { tabindex: -1 }, n.label), tag("p", { class: "kind" }, what), tag("p", { class: "mono" }, shapeText(n)), moduleTools(n)];
  if (n.kind === "module" || n.kind === "run") parts.push(tag("p", {}, Object.entries(n.operations || {}).map(([k, c]) => `${c.toLocaleString("en")} × ${k}`).join(", ")));
  if (n.formula) parts.push(tag("h3", {}, "formula"), tag("pre", {}, n.formula));
  if (n.rule) parts.push(tag("h3", {}, "rule"), tag("pre", {}, n.rule));
  if (n.where) parts.push(tag("h3", {}, "made by"), tag("pre", { title: n.where.file }, `${place(n)}   ${n.where.text || ""}`));
  if (n.value) parts.push(numbers(n.value, "value"));
  if (n.gradient) parts.push(numbers(n.gradient, "gradient"));
  if (n.released) parts.push(tag("p", { class: "bad" }, "A backward pass has freed what this node had saved."));
  if (n.ins.length) parts.push(tag("h3", {}, "inputs"), tag("ul", { class: "inputs" }, ...n.ins.map((e) => edgeItem(e, data.nodes[e.source]))));
  if (n.outs.length) parts.push(tag("h3", {}, "used by"), tag("ul", { class: "outputs" }, ...n.outs.slice(0, 100).map((e) => edgeItem(e, data.nodes[e.target]))));
  if (n.outs.length > 100) parts.push(tag("p", { class: "kind" }, `and ${n.outs.length - 100} more`));
  if (n.saved) {
    const total = n.saved.reduce((s, v) => s + (v.bytes || 0), 0);
    parts.push(tag("h3", {}, `saved for the backward pass: ${bytes(total)}`), tag("table", {}, tag("tbody", {}, ...n.saved.slice(0, 100).map((s) =>
      tag("tr", {}, tag("th", { scope: "row" }, s.name), tag("td", { class: "mono" }, `${s.dtype} [${(s.shape || []).join(", ")}]`), tag("td", { class: "number" }, bytes(s.bytes || 0)))))));
  }
  if (n.attributes) parts.push(tag("h3", {}, "keeps"), tag("table", {}, tag("tbody", {}, ...Object.entries(n.attributes).map(([k, v]) => tag("tr", {}, tag("th", { scope: "row" }, k), tag("td", { class: "mono" }, v))))));
  return parts;
}

function showGroup(c) {
  return [tag("h2", { tabindex: -1 }, c.module), tag("p", { class: "kind" }, `module of ${c.members.length.toLocaleString("en")} nodes`),
    tag("p", {}, tag("button", { class: "unfold", onclick: () => foldModule(c.module, false) }, "Unfold")),
    tag("h3", {}, "nodes"), tag("ul", {}, ...c.members.slice(0, 200).map((n) => tag("li", {}, link(n), tag("span", { class: "kind" }, ` ${n.operation || n.kind}`)))),
    c.members.length > 200 ? tag("p", { class: "kind" }, `and ${c.members.length - 200} more`) : null];
}

function showPanel(c, node) {
  const panel = $("panel"), wasHidden = panel.hidden;
  panel.hidden = !c;
  if (c) {
    panel.replaceChildren(tag("button", { class: "close", "aria-label": "Close the panel", title: "Close (Esc)", onclick: closePanel }, "✕"),
      ...(node && !c.members ? showNode(node) : c.members ? showGroup(c) : showNode(c.node)).filter(Boolean));
    panel.scrollTop = 0;
  }
  if (wasHidden !== panel.hidden) draw();
}

function closePanel() {
  view.chosen = null;
  showPanel(null);
  $("stage").focus();
  draw();
}
