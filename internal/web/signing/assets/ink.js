// Handwriting: a pad for finger, pen and mouse. What is written is kept as points
// with time and pressure; what it will look like on the document the server draws.
"use strict";

for (const pad of document.querySelectorAll("[data-ink]")) {
  const canvas = pad.querySelector("canvas"), brush = canvas.getContext("2d"), note = pad.querySelector("[data-ink-note]");
  const guide = pad.querySelector(".ink-guide");
  let width = 0, height = 0, strokes = [], stroke = null, pointer = null, penAt = -1e9, began = 0;

  const nib = () => Math.max(2.2, Math.min(width, height) / 46);

  // A stroke is thinner where the pen was fast and, if it tells, where it pressed less.
  const weigh = (points, i) => {
    const p = points[i], q = points[i - 1];
    if (p.w) return p.w;
    let share = 1.15;
    if (p.p > 0) share = 0.45 + 1.1 * p.p;
    else if (q) share = 1.3 - 0.75 * Math.min(1, Math.hypot(p.x - q.x, p.y - q.y) / Math.max(1, p.t - q.t) / 2.4);
    p.w = q ? 0.65 * weigh(points, i - 1) + 0.35 * share : share;
    return p.w;
  };
  const between = (p, q) => ({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 });

  // piece draws from the middle before the i-th point to the middle after it.
  const piece = (points, i) => {
    const p = points[i], from = i > 0 ? between(points[i - 1], p) : p, to = i + 1 < points.length ? between(p, points[i + 1]) : p;
    brush.lineWidth = nib() * weigh(points, i);
    brush.beginPath();
    brush.moveTo(from.x, from.y);
    brush.quadraticCurveTo(p.x, p.y, to.x, to.y);
    if (points.length === 1) brush.lineTo(p.x + 0.1, p.y);
    brush.stroke();
  };

  const redraw = () => {
    const scale = canvas.width / (width || 1);
    brush.setTransform(scale, 0, 0, scale, 0, 0);
    brush.clearRect(0, 0, width, height);
    brush.lineCap = brush.lineJoin = "round";
    brush.strokeStyle = "#000";
    for (const s of strokes) s.forEach((_, i) => piece(s, i));
  };

  // A pad that becomes larger or is turned keeps what was written.
  const fit = () => {
    const w = canvas.clientWidth, h = canvas.clientHeight;
    if (!w || !h || (w === width && h === height)) return;
    stop();
    const k = Math.min(w / (width || w), h / (height || h));
    for (const p of strokes.flat()) {
      p.x = (p.x - width / 2) * k + w / 2;
      p.y = (p.y - height / 2) * k + h / 2;
    }
    [width, height] = [w, h];
    const dots = Math.min(3, devicePixelRatio || 1);
    canvas.width = Math.round(w * dots);
    canvas.height = Math.round(h * dots);
    redraw();
  };
  new ResizeObserver(fit).observe(canvas);

  const say = () => {
    guide.hidden = strokes.length > 0;
    note.textContent = strokes.length ? "已写 " + strokes.length + " 笔" : "";
    pad.dispatchEvent(new CustomEvent("ink"));
  };

  // Where a pointer is on the pad, which may be turned by a quarter.
  const place = e => {
    const box = canvas.getBoundingClientRect(), turned = pad.closest("dialog.turned");
    const x = turned ? e.clientY - box.top : e.clientX - box.left, y = turned ? box.right - e.clientX : e.clientY - box.top;
    let pressure = 0;
    if (e.pointerType === "pen" || (e.pointerType === "touch" && e.pressure > 0 && e.pressure < 1 && e.pressure !== 0.5)) pressure = e.pressure;
    return { x: Math.min(Math.max(x, 0), width), y: Math.min(Math.max(y, 0), height), t: Math.max(0, e.timeStamp - began), p: pressure };
  };

  const add = e => {
    const p = place(e), last = stroke.at(-1);
    if (last && Math.hypot(p.x - last.x, p.y - last.y) < 0.6) return;
    if (last) p.t = Math.max(p.t, last.t);
    stroke.push(p);
    if (stroke.length > 1) piece(stroke, stroke.length - 2);
  };

  const stop = () => {
    if (!stroke) return;
    piece(stroke, stroke.length - 1);
    stroke = pointer = null;
    say();
  };

  canvas.addEventListener("pointerdown", e => {
    if (pointer !== null || (e.pointerType === "mouse" && e.button !== 0)) return;
    if (e.pointerType === "touch" && e.timeStamp - penAt < 2000) return; // the palm beside a pen
    e.preventDefault();
    fit();
    try { canvas.setPointerCapture(e.pointerId); } catch { /* it is gone already */ }
    if (!strokes.length) began = e.timeStamp;
    pointer = e.pointerId;
    strokes.push(stroke = []);
    add(e);
    guide.hidden = true;
  });
  canvas.addEventListener("pointermove", e => {
    if (e.pointerType === "pen") penAt = e.timeStamp;
    if (e.pointerId !== pointer) return;
    e.preventDefault();
    const all = e.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [e]) add(one);
  });
  for (const kind of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(kind, e => { if (e.pointerId === pointer) stop(); });
  // The page must not move, zoom or select while somebody writes.
  for (const kind of ["touchstart", "touchmove", "contextmenu", "selectstart", "dragstart"]) canvas.addEventListener(kind, e => e.preventDefault(), { passive: false });

  pad.querySelector("[data-undo]").addEventListener("click", () => { stop(); strokes.pop(); redraw(); say(); });
  pad.querySelector("[data-clear]").addEventListener("click", () => { stop(); strokes = []; redraw(); say(); });

  // As large as the screen: on an upright phone turned by a quarter, so that a name
  // has room along the longer side.
  const large = pad.querySelector("[data-large]"), small = pad.querySelector("[data-small]");
  const dialog = document.createElement("dialog"), mark = document.createComment("ink");
  dialog.className = "ink-large";
  dialog.setAttribute("aria-label", "大格手写");
  const turn = () => { dialog.classList.toggle("turned", innerHeight > innerWidth); fit(); };
  large.addEventListener("click", () => {
    pad.before(mark, dialog);
    dialog.append(pad);
    large.hidden = true;
    small.hidden = false;
    dialog.showModal();
    turn();
    addEventListener("resize", turn);
  });
  dialog.addEventListener("close", () => {
    removeEventListener("resize", turn);
    mark.replaceWith(pad);
    dialog.remove();
    large.hidden = false;
    small.hidden = true;
    fit();
  });
  small.addEventListener("click", () => dialog.close());

  // What scripts of the page read.
  pad.ink = {
    get empty() { return strokes.length === 0; },
    get json() {
      stop();
      const r = (v, n) => Number(v.toFixed(n));
      return JSON.stringify({ width: r(width, 1), height: r(height, 1), strokes: strokes.map(s => s.map(p => [Math.min(r(p.x, 1), r(width, 1)), Math.min(r(p.y, 1), r(height, 1)), Math.round(p.t), r(p.p, 2)])) });
    },
    say(text) { note.textContent = text; },
  };
  fit();
}
