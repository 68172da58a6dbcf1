// Placing seals by hand, and following a batch. Without scripts the fields and a
// link do the same.
"use strict";

// A batch that runs: shows how far it is without a new page.
{
  const look = async () => {
    const shown = document.querySelector("#progress[data-follow]");
    if (!shown) return;
    try {
      const answer = await fetch(shown.dataset.follow, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
      if (!fresh) return;
      if (fresh.dataset.state !== shown.dataset.state) { location.reload(); return; }
      for (const part of ["label[for=bar]", "dl.facts"]) {
        const from = fresh.querySelector(part), to = shown.querySelector(part);
        if (from && to) to.replaceChildren(...from.childNodes);
      }
      shown.querySelector("progress").value = fresh.querySelector("progress").value;
    } catch { /* the next look may succeed */ }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1000);
}

// A document of several pages opens where its seal stands.
{
  const papers = document.getElementById("papers"), look = document.getElementById(papers?.dataset.look);
  const to = () => { papers.scrollTop += look.getBoundingClientRect().top - papers.getBoundingClientRect().top - 8; };
  if (look && !location.hash) to();
  papers?.addEventListener("load", e => e.target.closest(".coming")?.classList.remove("coming"), true);
}

// Seals on a page: moved with the pointer, by touch and with the arrows.
{
  const form = document.getElementById("places"), told = document.getElementById("told");
  const tenth = v => Math.round(v * 10) / 10;
  const field = (seal, what) => form.elements["s" + seal + "-" + what];
  const sheet = () => document.getElementById("sheet");
  const size = seal => { const f = form.querySelector("fieldset[data-seal='" + seal + "']"); return [Number(f.dataset.w), Number(f.dataset.h)]; };
  let active = "0", timer, running;

  // Millimetres on the sheet under the pointer.
  const point = e => new DOMPoint(e.clientX, e.clientY).matrixTransform(sheet().getScreenCTM().inverse());

  const say = (seal, x, y) => {
    told.textContent = form.querySelector("fieldset[data-seal='" + seal + "'] legend").textContent + "：第 " + sheet().dataset.page + " 页，距左 " + x + " 毫米，距上 " + y + " 毫米";
  };
  // Puts a mark, and the fields with it, as far as the sheet goes.
  const put = (mark, x, y) => {
    const seal = mark.dataset.seal, [w, h] = size(seal);
    x = tenth(Math.min(Math.max(x, 0), Number(sheet().dataset.w) - w));
    y = tenth(Math.min(Math.max(y, 0), Number(sheet().dataset.h) - h));
    for (const part of mark.querySelectorAll(":scope > svg, :scope > rect")) {
      part.setAttribute("x", x);
      part.setAttribute("y", y);
    }
    field(seal, "x").value = x;
    field(seal, "y").value = y;
    say(seal, x, y);
    mark.setAttribute("aria-label", told.textContent + "。用方向键移动 1 毫米");
  };
  const corner = mark => ["x", "y"].map(a => Number(mark.querySelector(":scope > rect").getAttribute(a)));

  // Asks the server where everything stands now, and shows that.
  const sync = async (show, focus) => {
    running?.abort();
    running = new AbortController();
    const data = new FormData(form);
    data.set("go", "show");
    if (show) data.set("show", show);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data), signal: running.signal, headers: { Accept: "text/html" } });
      if (!answer.ok) { told.textContent = answer.status === 401 ? "登录已超时，请在新标签页登录" : "图片暂时不能更新，不影响填写"; return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = fresh.getElementById("sheet");
      if (!next) return;
      sheet().replaceWith(document.importNode(next, true));
      form.setAttribute("action", fresh.getElementById("places").getAttribute("action"));
      form.elements.page.value = next.dataset.page;
      document.querySelector(".turner").replaceWith(document.importNode(fresh.querySelector(".turner"), true));
      history.replaceState(null, "", new URL(answer.url).pathname + new URL(answer.url).search);
      ready();
      if (focus) sheet().querySelector(".mark[data-seal='" + focus + "']")?.focus();
    } catch (e) {
      if (e.name !== "AbortError") told.textContent = "图片暂时不能更新，不影响填写";
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(sync, 500); };

  const drag = mark => {
    mark.addEventListener("pointerdown", e => {
      if (e.button !== 0) return;
      e.preventDefault();
      e.stopPropagation();
      active = mark.dataset.seal;
      mark.focus({ preventScroll: true });
      mark.setPointerCapture(e.pointerId);
      mark.classList.add("held");
      const [x, y] = corner(mark), from = point(e);
      const move = e => { const to = point(e); put(mark, x + to.x - from.x, y + to.y - from.y); };
      const end = () => {
        mark.classList.remove("held");
        mark.removeEventListener("pointermove", move);
        mark.removeEventListener("pointerup", end);
        mark.removeEventListener("pointercancel", end);
        soon();
      };
      mark.addEventListener("pointermove", move);
      mark.addEventListener("pointerup", end);
      mark.addEventListener("pointercancel", end);
    });
    mark.addEventListener("keydown", e => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
      if (!way) return;
      e.preventDefault();
      const step = e.shiftKey ? 10 : 1, [x, y] = corner(mark);
      put(mark, x + way[0] * step, y + way[1] * step);
    });
    mark.addEventListener("focus", () => { active = mark.dataset.seal; });
  };

  const ready = () => {
    sheet().setAttribute("role", "group");
    for (const mark of sheet().querySelectorAll(".mark.free")) {
      mark.setAttribute("tabindex", "0");
      mark.setAttribute("role", "button");
      mark.setAttribute("aria-roledescription", "可以移动的印章");
      mark.setAttribute("aria-label", mark.querySelector("title").textContent + "。用方向键移动 1 毫米");
      drag(mark);
    }
    // A press on the paper brings the seal there that was touched last.
    sheet().addEventListener("click", e => {
      if (e.target.closest(".mark") || field(active, "way").value !== "page") return;
      const [w, h] = size(active), to = point(e);
      field(active, "on").value = sheet().dataset.page;
      field(active, "x").value = tenth(Math.min(Math.max(to.x - w / 2, 0), Number(sheet().dataset.w) - w));
      field(active, "y").value = tenth(Math.min(Math.max(to.y - h / 2, 0), Number(sheet().dataset.h) - h));
      sync("", active);
    });
    for (const turn of document.querySelectorAll("[data-turn]")) turn.addEventListener("change", e => { e.stopPropagation(); sync(turn.value); });
    for (const turn of document.querySelectorAll("button[name=show]")) turn.addEventListener("click", e => { e.preventDefault(); sync(turn.value); });
  };

  if (form) {
    ready();
    form.addEventListener("focusin", e => { active = e.target.closest("fieldset[data-seal]")?.dataset.seal ?? active; });
    form.addEventListener("input", e => { if (e.target.name && e.target.type !== "hidden") soon(); });
  }
}
