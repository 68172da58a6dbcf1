// The canvas of the template designer: what stands on the page is moved and sized
// with the pointer, by touch and with the keys; the controls beside it follow, and
// the server draws what an issued document would look like. Without this script the
// controls do the same.
"use strict";
{
  const form = document.getElementById("face-form"), board = document.getElementById("board"), told = document.getElementById("told");
  const fixed = !form.querySelector(".savebar"); // only to be looked at
  const round = v => Math.round(v * 10) / 10;
  const svg = (name, of) => { const n = document.createElementNS("http://www.w3.org/2000/svg", name); for (const k in of) n.setAttribute(k, of[k]); return n; };
  const things = () => [...board.querySelectorAll(".thing")];
  const thing = id => board.querySelector(".thing[data-box='" + CSS.escape(id) + "']");
  const prop = t => document.getElementById(t.dataset.box);
  const input = (t, key) => form.elements[t.dataset.box + "." + key];
  const sheetOf = t => t.closest("svg");
  const title = t => t.querySelector("title").textContent;
  const isLine = t => t.classList.contains("line");
  let on = null, dirty = false, timer, running;

  // Where a thing stands: x, y, width, height; of a line both ends.
  const get = t => ["x", "y", "w", "h"].map(k => Number(input(t, k).value) || 0);
  const draw = t => {
    const [x, y, w, h] = get(t);
    for (const l of t.querySelectorAll("line")) { l.setAttribute("x1", x); l.setAttribute("y1", y); l.setAttribute("x2", w); l.setAttribute("y2", h); }
    for (const r of t.querySelectorAll(":scope > rect:not(.grip)")) { r.setAttribute("x", x); r.setAttribute("y", y); r.setAttribute("width", Math.max(w, 0)); r.setAttribute("height", Math.max(h, 0)); }
    for (const e of t.querySelectorAll("ellipse")) { e.setAttribute("cx", x + w / 2); e.setAttribute("cy", y + h / 2); e.setAttribute("rx", Math.max(w / 2, 0)); e.setAttribute("ry", Math.max(h / 2, 0)); }
    for (const s of t.querySelectorAll("text")) { s.setAttribute("x", x + w / 2); s.setAttribute("y", y + 6.5); }
    for (const g of t.querySelectorAll(".grip")) {
      const gx = { e: x + w, s: x + w / 2, se: x + w }[g.dataset.grip], gy = { e: y + h / 2, s: y + h, se: y + h }[g.dataset.grip];
      g.setAttribute("x", gx - 1.1);
      g.setAttribute("y", gy - 1.1);
    }
    prop(t).querySelector(".where").textContent = x + ", " + y;
    name(t);
  };
  const name = t => {
    const [x, y, w, h] = get(t);
    const size = isLine(t) ? "到 " + w + "，" + h : "宽 " + w + "，高 " + h;
    t.setAttribute("aria-label", title(t) + "，距左 " + x + "，距上 " + y + "，" + size + " 毫米");
  };
  const put = (t, values) => {
    const sheet = sheetOf(t), W = Number(sheet.dataset.w), H = Number(sheet.dataset.h);
    let [x, y, w, h] = values;
    if (isLine(t)) {
      [x, w] = [x, w].map(v => Math.min(Math.max(v, 0), W));
      [y, h] = [y, h].map(v => Math.min(Math.max(v, 0), H));
    } else {
      w = Math.min(Math.max(w, 1), W);
      h = Math.min(Math.max(h, 1), H);
      x = Math.min(Math.max(x, 0), W - w);
      y = Math.min(Math.max(y, 0), H - h);
    }
    [x, y, w, h].forEach((v, i) => { input(t, "xywh"[i]).value = round(v); });
    draw(t);
    changed();
  };
  const move = (t, dx, dy) => { const [x, y, w, h] = get(t); put(t, isLine(t) ? [x + dx, y + dy, w + dx, h + dy] : [x + dx, y + dy, w, h]); };
  const size = (t, dx, dy) => {
    const [x, y, w, h] = get(t), sheet = sheetOf(t);
    if (t.classList.contains("seal")) { const by = dx || dy; put(t, [x, y, w + by, h + by]); return; } // a seal stays in its shape
    put(t, isLine(t) ? [x, y, w + dx, h + dy] : [x, y, Math.min(w + dx, sheet.dataset.w - x), Math.min(h + dy, sheet.dataset.h - y)]);
  };

  // What is chosen is open in the list beside the canvas.
  const choose = (t, focus) => {
    if (on !== t) {
      for (const g of board.querySelectorAll(".grip")) g.remove();
      on?.classList.remove("on");
      on = t;
      t.classList.add("on");
      if (!fixed && !isLine(t)) for (const g of t.classList.contains("seal") ? ["se"] : ["e", "s", "se"]) t.append(svg("rect", { class: "grip", "data-grip": g, width: 2.2, height: 2.2 }));
      for (const p of form.querySelectorAll(".prop[open]")) if (p !== prop(t)) p.open = false;
      prop(t).open = true;
      const list = document.getElementById("list");
      if (list.scrollHeight > list.clientHeight + 1) list.scrollTop += prop(t).getBoundingClientRect().top - list.getBoundingClientRect().top;
      draw(t);
    }
    if (focus) t.focus({ preventScroll: true });
  };

  // Edges nearby, to line up with.
  const guides = sheet => { for (const g of sheet.querySelectorAll(".guide")) g.remove(); };
  const lined = (t, values) => {
    const sheet = sheetOf(t), near = 1.2, out = [...values];
    guides(sheet);
    [[0, 2, "w"], [1, 3, "h"]].forEach(([at, len, side]) => {
      let best = near, by = 0, line = null;
      const edges = [0, Number(sheet.dataset[side]) / 2, Number(sheet.dataset[side])];
      for (const o of sheet.querySelectorAll(".thing:not(.gone)")) {
        if (o === t || isLine(o)) continue;
        const v = get(o);
        edges.push(v[at], v[at] + v[len], v[at] + v[len] / 2);
      }
      for (const mine of [values[at], values[at] + values[len], values[at] + values[len] / 2]) {
        for (const e of edges) if (Math.abs(e - mine) < best) { best = Math.abs(e - mine); by = e - mine; line = e; }
      }
      out[at] += by;
      if (line !== null) sheet.append(svg("line", at === 0 ? { class: "guide", x1: line, x2: line, y1: 0, y2: sheet.dataset.h } : { class: "guide", y1: line, y2: line, x1: 0, x2: sheet.dataset.w }));
    });
    return out;
  };
  const snap = document.getElementById("snap");
  const snapped = (t, v, grip) => {
    const step = Number(snap.value);
    if (snap.value === "edge") return grip || isLine(t) ? v : lined(t, v);
    if (!step) return v;
    const to = n => Math.round(n / step) * step;
    if (grip) return [v[0], v[1], to(v[0] + v[2]) - v[0], to(v[1] + v[3]) - v[1]];
    if (isLine(t)) { const dx = to(v[0]) - v[0], dy = to(v[1]) - v[1]; return [v[0] + dx, v[1] + dy, v[2] + dx, v[3] + dy]; }
    return [to(v[0]), to(v[1]), v[2], v[3]];
  };

  const point = (sheet, e) => new DOMPoint(e.clientX, e.clientY).matrixTransform(sheet.getScreenCTM().inverse());
  board.addEventListener("pointerdown", e => {
    const t = e.target.closest(".thing");
    if (!t || e.button !== 0) return;
    choose(t, true);
    if (fixed) return;
    e.preventDefault();
    const grip = e.target.dataset.grip, sheet = sheetOf(t), from = point(sheet, e), was = get(t), seal = t.classList.contains("seal");
    t.setPointerCapture(e.pointerId);
    const moved = e => {
      const to = point(sheet, e), dx = to.x - from.x, dy = to.y - from.y;
      let v = [...was];
      if (grip) {
        if (grip !== "s") v[2] += dx;
        if (grip !== "e") v[3] += dy;
        if (seal) v[3] = was[3] * (v[2] = Math.max(v[2], 5)) / was[2];
      } else {
        v[0] += dx;
        v[1] += dy;
        if (isLine(t)) { v[2] += dx; v[3] += dy; }
      }
      put(t, seal && grip ? v : snapped(t, v, grip));
    };
    const end = () => {
      guides(sheet);
      for (const [k, f] of [["pointermove", moved], ["pointerup", end], ["pointercancel", end]]) t.removeEventListener(k, f);
    };
    for (const [k, f] of [["pointermove", moved], ["pointerup", end], ["pointercancel", end]]) t.addEventListener(k, f);
  });

  board.addEventListener("keydown", e => {
    const t = e.target.closest(".thing"), way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (!t) return;
    if (way && !fixed) {
      e.preventDefault();
      const step = e.altKey ? .1 : e.shiftKey ? 10 : 1;
      (e.ctrlKey || e.metaKey ? size : move)(t, way[0] * step, way[1] * step);
      told.textContent = t.getAttribute("aria-label");
    } else if (e.key === "Enter" || e.key === " ") {
      e.preventDefault();
      choose(t);
      prop(t).querySelector("fieldset ~ .field :is(input, select, textarea), .place input")?.focus();
    } else if (e.key === "Delete" && !fixed) {
      e.preventDefault();
      const box = input(t, "remove");
      box.checked = true;
      box.dispatchEvent(new Event("input", { bubbles: true }));
      told.textContent = title(t) + "：保存后删去；在旁边的清单里可以留下";
      prop(t).querySelector("summary").focus();
    }
  });
  form.addEventListener("keydown", e => {
    const p = e.target.closest(".prop");
    if (e.key === "Escape" && p) { e.preventDefault(); thing(p.id)?.focus(); }
  });
  board.addEventListener("focusin", e => { const t = e.target.closest(".thing"); if (t) choose(t); });
  form.addEventListener("toggle", e => { const t = e.target.open && e.target.classList.contains("prop") && thing(e.target.id); if (t) choose(t); }, true);

  // What is typed moves the thing; what is ticked takes it away.
  form.addEventListener("input", e => {
    const p = e.target.closest(".prop"), t = p && thing(p.id);
    if (t) {
      const gone = input(t, "remove").checked;
      t.classList.toggle("gone", gone);
      p.classList.toggle("gone", gone);
      const sheet = document.getElementById("sheet-" + (input(t, "page")?.value || 1));
      if (sheet && sheet !== sheetOf(t)) sheet.append(t);
      draw(t);
    }
    if (e.target.name) changed();
  });

  // The picture, a moment after the last change, as the server draws it.
  const list = document.getElementById("found");
  const look = async () => {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: running.signal, headers: { Accept: "application/json" } });
      const got = await answer.json();
      if (!answer.ok) { told.textContent = answer.status === 401 ? "登录已超时，请在新标签页登录，这里的改动还在" : got.detail; return; }
      (got.pages ?? []).forEach((page, i) => board.querySelectorAll(".paper > .drawn")[i]?.setAttribute("href", page));
      show(got.found ?? []);
    } catch (e) {
      if (e.name !== "AbortError") told.textContent = "图片暂时不能更新，不影响排版";
    }
  };
  const show = found => {
    list.closest(".wrongs").toggleAttribute("data-none", found.length === 0);
    for (const t of board.querySelectorAll(".bad")) t.classList.remove("bad");
    for (const p of form.querySelectorAll(".prop.bad")) p.classList.remove("bad");
    list.replaceChildren(...found.map(f => {
      const li = document.createElement("li"), t = f.box && thing(f.box);
      if (!t) { li.textContent = f.text; return li; }
      t.classList.add("bad");
      prop(t).classList.add("bad");
      const a = document.createElement("a");
      a.href = "#" + f.box;
      a.textContent = title(t) + "：" + f.text;
      li.append(a);
      return li;
    }));
  };
  const changed = () => { dirty = true; clearTimeout(timer); timer = setTimeout(look, 400); };
  addEventListener("beforeunload", e => { if (dirty) e.preventDefault(); });
  form.addEventListener("submit", () => { dirty = false; });

  // A link to a thing chooses it.
  const jump = () => { const t = location.hash.length > 1 && thing(location.hash.slice(1)); if (t) { choose(t, true); t.scrollIntoView({ block: "nearest", inline: "nearest" }); } };
  addEventListener("hashchange", jump);

  const zoom = document.getElementById("zoom");
  const zoomed = () => {
    for (const s of board.querySelectorAll(".paper")) {
      const fit = zoom.value === "fit", by = Number(zoom.value) * 96 / 25.4;
      s.classList.toggle("fit", fit);
      s.setAttribute("width", fit ? "100%" : s.dataset.w * by);
      if (fit) s.removeAttribute("height");
      else s.setAttribute("height", s.dataset.h * by);
    }
  };
  zoom.addEventListener("change", zoomed);

  for (const t of things()) {
    t.setAttribute("tabindex", "0");
    t.setAttribute("role", "button");
    draw(t);
  }
  for (const li of list.querySelectorAll("a")) thing(li.hash.slice(1))?.classList.add("bad");
  zoomed();
  jump();
}
