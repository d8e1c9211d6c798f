// The layered layout of layout.py, for the browser: folding places everything anew.
"use strict";
const GAP_X = 28, GAP_Y = 26, GAP_DUMMY = 16, MOST_DUMMIES = 20000, SWEEPS = 12;

// boxes: {width, height, head, radius} get {x, y, rank}; lines: {source, target, labelWidth, labelHeight} get {points, label}.
function layout(boxes, lines) {
  if (!boxes.length) return { width: 0, height: 0 };
  const count = boxes.length;
  const labelled = lines.some((e) => e.labelWidth > 0);
  const [ranks, minor] = rankBoxes(count, lines.filter((e) => e.source !== e.target).map((e) => [e.source, e.target]));
  const rank = ranks.map((r) => r * (labelled ? 2 : 1));
  const width = boxes.map((b) => b.width), height = boxes.map((b) => b.height);
  const up = boxes.map(() => []), down = boxes.map(() => []);
  let paths = lines.map(() => []);
  const isDummy = (v) => v >= count;

  (function addDummies() {
    const spans = lines.map((e) => Math.abs(rank[e.target] - rank[e.source]));
    let left = MOST_DUMMIES;
    for (const i of lines.map((_, k) => k).sort((a, b) => spans[a] - spans[b] || a - b)) {
      const e = lines[i];
      if (e.source === e.target || spans[i] === 0) continue;
      left -= Math.max(spans[i] - 1, 0);
      if (left < 0) continue;
      let top = e.source, foot = e.target;
      if (rank[top] > rank[foot]) [top, foot] = [foot, top];
      const path = [top];
      for (let r = rank[top] + 1; r < rank[foot]; r++) {
        const first = path.length === 1;
        path.push(rank.length);
        rank.push(r);
        width.push(first ? e.labelWidth || 0 : 0);
        height.push(first ? e.labelHeight || 0 : 0);
        minor.push(minor[e.source]);
        up.push([]);
        down.push([]);
      }
      path.push(foot);
      for (let k = 1; k < path.length; k++) { down[path[k - 1]].push(path[k]); up[path[k]].push(path[k - 1]); }
      paths[i] = path;
    }
  })();

  const size = rank.length;
  let layers = Array.from({ length: Math.max(...ranks) * (labelled ? 2 : 1) + 1 }, () => []);
  (function firstOrder() {
    const seen = new Uint8Array(size);
    for (const start of boxes.map((_, v) => v).sort((a, b) => rank[b] - rank[a] || a - b)) {
      const todo = [start];
      while (todo.length) {
        const v = todo.pop();
        if (seen[v]) continue;
        seen[v] = 1;
        layers[rank[v]].push(v);
        for (let k = up[v].length - 1; k >= 0; k--) todo.push(up[v][k]);
      }
    }
  })();

  const place = new Int32Array(size);
  const number = () => layers.forEach((row) => row.forEach((v, i) => { place[v] = i; }));
  const pair = (a, b) => {
    let n = 0;
    for (const near of [up, down]) for (const u of near[a]) for (const v of near[b]) if (place[u] > place[v]) n++;
    return n;
  };
  const allCrossings = () => {
    let total = 0;
    for (let r = 0; r < layers.length - 1; r++) {
      const below = [];
      for (const v of layers[r]) below.push(...down[v].map((u) => place[u]).sort((a, b) => a - b));
      total += inversions(below);
    }
    return total;
  };
  const median = (r, near, flip) => {
    const row = layers[r], key = new Map();
    for (const v of row) {
      const at = near[v].map((u) => place[u]).sort((a, b) => a - b), h = at.length >> 1;
      key.set(v, !at.length ? place[v] : at.length % 2 ? at[h] : (at[h - 1] + at[h]) / 2);
    }
    row.sort((a, b) => key.get(a) - key.get(b) || (flip ? place[b] - place[a] : place[a] - place[b]));
    row.forEach((v, i) => { place[v] = i; });
  };
  const transpose = (flip) => {
    for (let k = 0, better = true; k < 4 && better; k++) {
      better = false;
      for (const row of layers) {
        for (let i = 0; i < row.length - 1; i++) {
          const a = row[i], b = row[i + 1], gain = pair(a, b) - pair(b, a);
          if (gain > 0 || (flip && gain === 0)) {
            row[i] = b; row[i + 1] = a; place[a] = i + 1; place[b] = i;
            better = better || gain > 0;
          }
        }
      }
      flip = false;
    }
  };
  const improve = (sweeps, swaps) => {
    number();
    let best = layers.map((row) => row.slice()), fewest = allCrossings();
    for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
      const flip = sweep % 4 >= 2;
      if (sweep % 2 === 0) for (let r = 1; r < layers.length; r++) median(r, up, flip);
      else for (let r = layers.length - 2; r >= 0; r--) median(r, down, flip);
      if (swaps) transpose(flip);
      const n = allCrossings();
      if (n < fewest) { fewest = n; best = layers.map((row) => row.slice()); }
    }
    return [best, fewest];
  };
  (function order() {
    const small = size < 1500, starts = small ? [layers, layers.map((row) => row.slice().reverse())] : [layers];
    let best = layers, fewest = -1;
    for (const start of starts) {
      layers = start.map((row) => row.slice());
      const [found, n] = improve(size < 4000 ? SWEEPS : 4, small);
      if (fewest < 0 || n < fewest) { best = found; fewest = n; }
      if (fewest === 0) break;
    }
    layers = best;
    number();
  })();

  const matters = (u, v) => (minor[u] ? 0 : isDummy(u) && isDummy(v) ? 2 : 1);
  const marked = new Set(), mark = (u, v) => u * size + v;
  for (const row of layers.slice(0, -1)) {
    const pieces = [];
    for (const u of row) for (const v of down[u]) pieces.push([u, v]);
    for (const level of [1, 2]) {
      const others = pieces.filter((p) => matters(...p) >= level).map(([u, v]) => [place[u], place[v]]);
      for (const [u, v] of crossed(pieces.filter((p) => matters(...p) < level), others, place)) marked.add(mark(u, v));
    }
  }
  const apart = (u, v) => (width[u] + width[v]) / 2 + (isDummy(u) || isDummy(v) ? GAP_DUMMY : GAP_X);

  function align(rows, near) {
    const root = Int32Array.from({ length: size }, (_, i) => i), next = root.slice(), at = new Int32Array(size);
    for (const row of rows) row.forEach((v, i) => { at[v] = i; });
    for (const row of rows) {
      let last = -1;
      for (const v of row) {
        const main = near[v].filter((u) => !minor[u]), some = (main.length ? main : near[v].slice()).sort((a, b) => at[a] - at[b]);
        if (!some.length) continue;
        for (const u of [some[(some.length - 1) >> 1], some[some.length >> 1]]) {
          if (minor[v] && near === down && up[u].some((w) => !minor[w])) continue;
          if (next[v] !== v || last >= at[u] || marked.has(mark(u, v)) || marked.has(mark(v, u))) continue;
          next[u] = v;
          root[v] = root[u];
          next[v] = root[v];
          last = at[u];
        }
      }
    }
    return root;
  }

  function compact(rows, root) {
    const after = Array.from({ length: size }, () => []), before = Array.from({ length: size }, () => []);
    for (const row of rows) {
      for (let i = 1; i < row.length; i++) {
        const d = apart(row[i - 1], row[i]);
        after[root[row[i - 1]]].push([root[row[i]], d]);
        before[root[row[i]]].push([root[row[i - 1]], d]);
      }
    }
    const waiting = before.map((b) => b.length), order = [], ready = [];
    for (let v = 0; v < size; v++) if (root[v] === v && !waiting[v]) ready.push(v);
    while (ready.length) {
      const b = ready.pop();
      order.push(b);
      for (const [c] of after[b]) if (--waiting[c] === 0) ready.push(c);
    }
    const x = new Float64Array(size);
    for (const b of order) x[b] = before[b].reduce((m, [a, d]) => Math.max(m, x[a] + d), 0);
    for (let k = order.length - 1; k >= 0; k--) {
      const b = order[k];
      if (after[b].length) x[b] = Math.max(x[b], after[b].reduce((m, [c, d]) => Math.min(m, x[c] - d), Infinity));
    }
    return Float64Array.from(root, (r) => x[r]);
  }

  const x = (function coordinates() {
    const four = [];
    for (const upward of [false, true]) {
      for (const mirrored of [false, true]) {
        let rows = upward ? layers.slice().reverse() : layers;
        if (mirrored) rows = rows.map((row) => row.slice().reverse());
        const found = compact(rows, align(rows, upward ? down : up));
        four.push(mirrored ? found.map((v) => -v) : found);
      }
    }
    const low = four.map((a) => a.reduce((m, v) => Math.min(m, v), Infinity));
    const high = four.map((a) => a.reduce((m, v) => Math.max(m, v), -Infinity));
    let narrow = 0;
    for (let i = 1; i < 4; i++) if (high[i] - low[i] < high[narrow] - low[narrow]) narrow = i;
    const moved = four.map((a, i) => a.map((v) => v + (i % 2 === 0 ? low[narrow] - low[i] : high[narrow] - high[i])));
    return Float64Array.from({ length: size }, (_, v) => {
      const m = moved.map((a) => a[v]).sort((a, b) => a - b);
      return (m[1] + m[2]) / 2;
    });
  })();

  let least = Infinity, most = -Infinity;
  for (let v = 0; v < size; v++) { least = Math.min(least, x[v] - width[v] / 2); most = Math.max(most, x[v] + width[v] / 2); }
  const tops = [], heights = [];
  let y = 0;
  for (const row of layers) {
    let tall = 0, aside = 0;
    for (const v of row) {
      tall = Math.max(tall, height[v]);
      for (const u of down[v]) aside = Math.max(aside, Math.abs(x[v] - x[u]));
    }
    tops.push(y);
    heights.push(tall);
    y += tall + GAP_Y * (labelled ? 0.55 : 1) + Math.min(aside * 0.1, 48);
  }
  boxes.forEach((b, i) => { b.x = x[i] - least; b.y = tops[rank[i]] + heights[rank[i]] / 2; b.rank = rank[i]; });
  paths = paths.map((p, i) => (p.length ? p : [lines[i].source, lines[i].target]));

  function ports(end) {
    const at = new Map(), offset = new Float64Array(lines.length);
    paths.forEach((p, i) => { const v = end ? p[p.length - 1] : p[0]; at.has(v) ? at.get(v).push(i) : at.set(v, [i]); });
    for (const [v, some] of at) {
      const room = end && boxes[v].head ? boxes[v].head : boxes[v].width, step = Math.min(14, (room * 0.6) / some.length);
      const next = (i) => x[end ? paths[i][paths[i].length - 2] : paths[i][1]];
      some.sort((a, b) => next(a) - next(b) || a - b);
      some.forEach((i, k) => { offset[i] = (k - (some.length - 1) / 2) * step; });
    }
    return offset;
  }
  const feet = ports(false), heads = ports(true);
  lines.forEach((e, i) => {
    const points = [];
    paths[i].forEach((v, k) => {
      const r = rank[v], px = x[v] - least;
      if (isDummy(v)) {
        points.push([px, tops[r]]);
        if (heights[r]) points.push([px, tops[r] + heights[r]]);
        if (k === 1 && e.labelWidth) e.label = [px, tops[r] + heights[r] / 2];
        return;
      }
      const b = boxes[v];
      if (k === 0) points.push([px + feet[i], b.y + b.height / 2], [px + feet[i], tops[r] + heights[r]]);
      else {
        const dip = b.radius ? b.radius - Math.sqrt(Math.max(b.radius ** 2 - heads[i] ** 2, 0)) : 0;
        points.push([px + heads[i], tops[r]], [px + heads[i], b.y - b.height / 2 + dip]);
      }
    });
    if (rank[e.source] > rank[e.target]) points.reverse();
    e.points = points;
  });
  return { width: most - least, height: tops[tops.length - 1] + heights[heights.length - 1] };
}

function rankBoxes(count, edges) {
  const before = Array.from({ length: count }, () => []), uses = Array.from({ length: count }, () => []);
  for (const [a, b] of edges) if (a < b) { before[b].push(a); uses[a].push(b); }
  const rank = new Array(count).fill(0), light = new Array(count).fill(false);
  for (let v = 0; v < count; v++) {
    rank[v] = before[v].reduce((m, u) => Math.max(m, rank[u] + 1), 0);
    light[v] = before[v].length <= 1 && before[v].every((u) => light[u] && uses[u].length === 1);
  }
  for (let v = count - 1; v >= 0; v--) {
    if (light[v] && uses[v].length) rank[v] = uses[v].reduce((m, u) => Math.min(m, rank[u]), Infinity) - 1;
  }
  const low = rank.reduce((m, r) => Math.min(m, r), Infinity);
  return [rank.map((r) => r - low), light];
}

function crossed(pieces, others, place) {
  if (!pieces.length || !others.length) return [];
  const n = others.length, most = [-1], least = [place.length];
  for (let k = 0; k < n; k++) most.push(Math.max(most[k], others[k][1]));
  for (let k = 0; k < n; k++) least.push(Math.min(least[k], others[n - 1 - k][1]));
  const first = (test) => { let a = 0, b = n; while (a < b) { const m = (a + b) >> 1; test(others[m][0]) ? (b = m) : (a = m + 1); } return a; };
  return pieces.filter(([u, v]) => most[first((t) => t >= place[u])] > place[v] || least[n - first((t) => t > place[u])] < place[v]);
}

function inversions(values) {
  if (!values.length) return 0;
  const size = values.reduce((m, v) => Math.max(m, v), 0) + 1, tree = new Int32Array(size + 1);
  let total = 0;
  values.forEach((v, seen) => {
    let smaller = 0;
    for (let i = v + 1; i > 0; i -= i & -i) smaller += tree[i];
    total += seen - smaller;
    for (let i = v + 1; i <= size; i += i & -i) tree[i]++;
  });
  return total;
}
