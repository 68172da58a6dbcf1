// The form to begin a task: the pages of the document, with the places of
// signatures to be dragged to where they belong. What is typed says the same.
"use strict";

for (const form of document.querySelectorAll("form[data-look]")) {
  const look = document.getElementById("look"), note = document.getElementById("look-note"), file = form.elements.file;
  const svg = (name, attributes) => {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    return e;
  };
  let pages = [], drawnFor = null, running, timer;

  const rows = () => [...form.querySelectorAll(".row.signer")];
  const field = (row, name) => row.querySelector("[name$='." + name + "']");

  // What belongs to another choice is out of the way.
  const choose = () => {
    const groups = form.elements.order.value === "groups";
    rows().forEach((row, i) => {
      row.querySelector("[data-number]").textContent = i + 1;
      row.setAttribute("aria-label", "签署人 " + (i + 1));
      const seen = field(row, "way").value === "seal", where = field(row, "where").value;
      row.querySelector(".group").hidden = !groups;
      row.querySelector(".where").hidden = !seen;
      row.querySelector(".keyword").hidden = !seen || where !== "keyword";
      row.querySelector(".point").hidden = !seen || where !== "point";
    });
  };

  const show = places => {
    look.replaceChildren(...pages.map((p, i) => {
      const sheet = svg("svg", { class: "sheet", viewBox: `0 0 ${p.w} ${p.h}`, role: "img", "aria-label": "文件第 " + (i + 1) + " 页" });
      const image = svg("image", { width: p.w, height: p.h, href: p.src });
      sheet.append(image);
      const box = document.createElement("figure");
      box.className = "face paper";
      box.append(sheet);
      return box;
    }));
    const wrong = [];
    for (const place of places) {
      if (place.problem) {
        wrong.push("签署人 " + (place.signer + 1) + "：" + place.problem);
        // It may be dragged all the same, from the lower right corner.
        const last = pages.at(-1);
        put({ signer: place.signer, page: pages.length, x: last.w - 58, y: last.h - 34, w: 40, h: 16 });
      } else if (pages[place.page - 1]) put(place);
    }
    note.textContent = wrong.length ? wrong.join("；") + "。也可以直接拖动方框" : "可以拖动方框，把签名放到合适的位置。";
    note.classList.toggle("error", wrong.length > 0);
  };

  const put = place => {
    const sheet = look.children[place.page - 1].firstElementChild, p = pages[place.page - 1];
    const g = svg("g", { class: "place drag" });
    const rect = svg("rect", { width: place.w, height: place.h, rx: 1 }), label = svg("text", { x: place.w / 2, y: place.h / 2 });
    label.textContent = "签署人 " + (place.signer + 1);
    g.append(rect, label);
    sheet.append(g);
    let { x, y } = place, from = null;
    const move = () => g.setAttribute("transform", `translate(${x} ${y})`);
    move();
    const point = e => { const m = sheet.getScreenCTM().inverse(); return new DOMPoint(e.clientX, e.clientY).matrixTransform(m); };
    g.addEventListener("pointerdown", e => {
      e.preventDefault();
      g.setPointerCapture(e.pointerId);
      const q = point(e);
      from = { dx: q.x - x, dy: q.y - y };
      g.classList.add("moving");
    });
    g.addEventListener("pointermove", e => {
      if (!from) return;
      const q = point(e);
      x = Math.min(Math.max(0, q.x - from.dx), p.w - place.w);
      y = Math.min(Math.max(0, q.y - from.dy), p.h - place.h);
      move();
    });
    const drop = () => {
      if (!from) return;
      from = null;
      g.classList.remove("moving");
      const row = rows()[place.signer];
      field(row, "where").value = "point";
      field(row, "page").value = place.page;
      field(row, "x").value = x.toFixed(1);
      field(row, "y").value = y.toFixed(1);
      choose();
      soon();
    };
    g.addEventListener("pointerup", drop);
    g.addEventListener("pointercancel", drop);
  };

  const refresh = async () => {
    if (!file.files.length) return;
    running?.abort();
    running = new AbortController();
    const body = new FormData(form), again = drawnFor === file.files[0];
    if (again) body.set("pages", "0");
    else note.textContent = "正在读取文件…";
    try {
      const answer = await fetch(form.dataset.look, { method: "POST", body, signal: running.signal, headers: { Accept: "application/json" } });
      const got = await answer.json();
      if (!answer.ok) {
        note.textContent = answer.status === 401 ? "登录已超时。请在新标签页登录，这里填写的内容还在" : got.detail + "。" + (got.hint ?? "");
        note.classList.add("error");
        if (!again) look.replaceChildren();
        return;
      }
      if (!again) { pages = got.pages; drawnFor = file.files[0]; }
      show(got.places ?? []);
      if (got.total > pages.length) note.textContent += "这里显示前 " + pages.length + " 页，共 " + got.total + " 页；其他页请填写位置。";
    } catch (e) {
      if (e.name !== "AbortError") note.textContent = "页面暂时不能显示，不影响填写";
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, 350); };

  form.addEventListener("change", e => {
    choose();
    if (e.target === file) {
      const title = form.elements.title;
      if (!title.value && file.files.length) title.value = file.files[0].name.replace(/\.[^.]*$/, "").slice(0, 100);
    }
    if (e.target === file || e.target.closest("#signers")) soon();
  });
  form.addEventListener("line-added", () => {
    const last = rows().at(-1);
    field(last, "where").value = "keyword";
    field(last, "keyword").value = "签字：";
    choose();
  });

  // A refusal is shown without losing the file that was chosen.
  form.addEventListener("submit", async e => {
    if (e.submitter?.name === "add") return;
    e.preventDefault();
    const button = form.querySelector("button.first");
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "text/html" } });
      if (answer.redirected) return location.assign(answer.url);
      wrong(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      note.textContent = "网络不通，没有发起。请检查网络后再试，填写的内容还在";
    }
    setTimeout(() => { button.disabled = false; button.textContent = "发起签署"; });
  });
  const wrong = told => {
    for (const old of document.querySelectorAll("main .summary, form .error:not(#look-note)")) old.remove();
    for (const old of form.querySelectorAll(".wrong")) old.classList.remove("wrong");
    for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
    for (const bad of told.querySelectorAll("form .field.wrong")) {
      const id = bad.querySelector("input, select, textarea")?.id, control = id && document.getElementById(id), message = bad.querySelector(".error");
      if (!control || !message) continue;
      control.closest(".field").classList.add("wrong");
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", id + "-error" + (document.getElementById(id + "-hint") ? " " + id + "-hint" : ""));
      control.before(Object.assign(document.createElement("p"), { className: "error", id: id + "-error", textContent: message.textContent }));
    }
    const summary = told.querySelector("main .summary");
    if (summary) {
      form.before(summary);
      summary.focus();
    }
    document.title = told.title;
  };
  note.textContent = "选择文件后，这里显示每一页和签名的位置。";
  choose();
}
