// First-party behaviour; every page works without it.
"use strict";

document.documentElement.classList.add("scripted");

// The face as it is being filled in: asks the server a moment after the last key.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const face = document.getElementById("face"), note = document.getElementById("note");
  let timer, running;
  const show = pages => {
    while (face.children.length > pages.length) face.lastElementChild.remove();
    pages.forEach((page, i) => {
      let box = face.children[i];
      if (!box) {
        box = face.firstElementChild.cloneNode(true);
        face.append(box);
      }
      box.classList.remove("example");
      const img = box.querySelector("img");
      img.alt = "照面预览，第 " + (i + 1) + " 页";
      img.src = page;
    });
  };
  const refresh = async () => {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal: running.signal, headers: { Accept: "application/json" } });
      const got = await answer.json();
      if (!answer.ok) {
        note.textContent = answer.status === 401 ? "登录已超时。请在新标签页登录，这里填写的内容还在" : got.detail;
        return;
      }
      if (got.pages) show(got.pages);
      note.textContent = got.note;
    } catch (e) {
      if (e.name !== "AbortError") note.textContent = "照面暂时不能更新，不影响填写";
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(refresh, 400); };
  form.addEventListener("input", soon);
  form.addEventListener("line-added", soon);

  // The id types of persons are not those of organisations.
  form.addEventListener("change", e => {
    const kind = /^(holders\[\d+\]\.)type$/.exec(e.target.name);
    if (!kind) return;
    const types = form.elements[kind[1] + "id_type"], whose = e.target.value === "person" ? "person" : "organisation";
    if (e.target.value && types.selectedOptions[0].dataset.for !== whose) {
      types.value = [...types.options].find(o => o.dataset.for === whose)?.value ?? "";
      soon();
    }
  });

  // A picture that is too large is refused before it is sent.
  form.addEventListener("change", e => {
    const most = Number(e.target.dataset.max) * 1024;
    if (e.target.type !== "file" || !e.target.files.length || e.target.files[0].size <= most) return;
    note.textContent = "这张图片超过 " + e.target.dataset.max + " KB，请换一张更小的";
    e.target.value = "";
    e.stopPropagation();
    clearTimeout(timer);
  });
}

// A group of the navigation closes when the reader goes elsewhere.
const groups = document.querySelectorAll(".bar .group");
for (const group of groups) {
  group.addEventListener("focusout", e => { if (e.relatedTarget && !group.contains(e.relatedTarget)) group.open = false; });
  group.addEventListener("keydown", e => {
    if (e.key !== "Escape" || !group.open) return;
    group.open = false;
    group.querySelector("summary").focus();
  });
}
if (groups.length) document.addEventListener("click", e => { for (const group of groups) if (!group.contains(e.target)) group.open = false; });

// One more holder or one more row, without a new page.
for (const add of document.querySelectorAll("button[name=add]")) {
  add.addEventListener("click", e => {
    const lists = add.value === "holders" ? [...document.querySelectorAll("#holders > fieldset")] : [...add.closest("fieldset").querySelectorAll(".row")].filter(row => row.querySelector("[name^='" + add.value + "[']"));
    const last = lists.at(-1), n = lists.length;
    if (n >= 20) return;
    e.preventDefault();
    const next = last.cloneNode(true);
    const renumber = (s, index) => s.replace(/\[\d+\]/, "[" + index + "]");
    for (const control of next.querySelectorAll("input, select")) {
      const old = control.id;
      control.name = renumber(control.name, n);
      control.id = "f-" + control.name.replace(/[^A-Za-z0-9_]+/g, "-").replace(/^-|-$/g, "");
      if (control.tagName === "INPUT" || add.closest(".lines") && control.querySelector("option[value='']")) control.value = "";
      control.removeAttribute("aria-invalid");
      const label = next.querySelector("label[for='" + old + "']");
      if (label) label.htmlFor = control.id;
      const hint = next.querySelector("#" + CSS.escape(old + "-hint"));
      if (hint) hint.id = control.id + "-hint";
      if (hint) control.setAttribute("aria-describedby", hint.id); else control.removeAttribute("aria-describedby");
    }
    if (next.ariaLabel) next.ariaLabel = next.ariaLabel.replace(/\d+$/, n + 1);
    for (const nth of next.querySelectorAll(".nth")) nth.textContent = next.ariaLabel;
    for (const error of next.querySelectorAll(".error")) error.remove();
    for (const field of next.querySelectorAll(".wrong")) field.classList.remove("wrong");
    const legend = next.querySelector("legend");
    if (legend) {
      if (n === 1) last.querySelector("legend").textContent = "持证主体 1";
      legend.textContent = "持证主体 " + (n + 1);
    }
    last.after(next);
    next.querySelector("input, select").focus();
    add.form.dispatchEvent(new Event("line-added"));
    if (add.dataset.most && n + 1 >= Number(add.dataset.most)) add.remove();
  });
}

// Dropping a file on the marked place sends it.
for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input[type=file]");
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, e => { e.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", e => {
    e.preventDefault();
    if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; drop.closest("form").requestSubmit(); }
  });
}

// A text to take along is copied with one press.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const was = button.textContent;
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "已复制";
    } catch {
      button.textContent = "请手动选择复制";
    }
    setTimeout(() => { button.textContent = was; }, 2000);
  });
}

// One click, one write.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", e => {
    const button = e.submitter ?? form.querySelector("button.first");
    if (!button) return;
    setTimeout(() => {
      button.dataset.was = button.textContent;
      button.disabled = true;
      button.textContent = button.dataset.busy ?? "请稍候…";
    });
  });
}
// A page that comes back from the browser's memory can be used again.
addEventListener("pageshow", e => {
  for (const button of e.persisted ? document.querySelectorAll("button[data-was]") : []) {
    button.disabled = false;
    button.textContent = button.dataset.was;
  }
});

// Elder mode is turned on in place, so that nothing that was typed is lost.
document.getElementById("elder")?.addEventListener("click", async e => {
  e.preventDefault();
  const link = e.currentTarget, on = document.documentElement.classList.toggle("elder");
  try { await fetch(link.href, { redirect: "manual" }); } catch { /* the page is already as it was asked for */ }
  const address = new URL(link.href);
  address.searchParams.set("on", on ? "0" : "1");
  link.href = address.pathname + address.search;
  link.textContent = on ? link.dataset.off : link.dataset.on;
});
