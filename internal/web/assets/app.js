// First-party behaviour; every page works without it.
"use strict";

// The face as it is being filled in: asks the server for the picture a moment after the last key.
for (const form of document.querySelectorAll("form[data-preview]")) {
  const face = document.getElementById("face"), busy = document.getElementById("busy");
  let timer, running;
  const refresh = async () => {
    running?.abort();
    running = new AbortController();
    busy.textContent = "正在更新照面…";
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), signal: running.signal });
      const text = await answer.text();
      if (answer.ok && answer.headers.get("Content-Type").startsWith("image/svg+xml")) {
        const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
        face.replaceChildren(document.importNode(svg, true));
        busy.textContent = "照面已更新，签发前编号为示意";
      } else {
        busy.textContent = text.slice(0, 200);
      }
    } catch (e) {
      if (e.name !== "AbortError") busy.textContent = "照面暂时不能更新，不影响填写";
    }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(refresh, 400); });
  refresh();
}

// Rows of a table field.
for (const add of document.querySelectorAll("button[data-add-row]")) {
  add.hidden = false;
  add.addEventListener("click", () => {
    const rows = document.getElementById(add.dataset.addRow), last = rows.lastElementChild;
    if (rows.children.length >= Number(add.dataset.max)) return;
    const next = last.cloneNode(true), n = rows.children.length;
    for (const input of next.querySelectorAll("input")) {
      input.value = "";
      input.name = input.name.replace(/\[\d+\]/, "[" + n + "]");
      input.id = input.id.replace(/-\d+-/, "-" + n + "-");
    }
    for (const label of next.querySelectorAll("label")) label.htmlFor = label.htmlFor.replace(/-\d+-/, "-" + n + "-");
    rows.append(next);
    next.querySelector("input").focus();
  });
}

// Dropping a file anywhere on the marked place.
for (const drop of document.querySelectorAll(".drop")) {
  const input = drop.querySelector("input[type=file]");
  for (const kind of ["dragenter", "dragover"]) drop.addEventListener(kind, e => { e.preventDefault(); drop.classList.add("over"); });
  for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => drop.classList.remove("over"));
  drop.addEventListener("drop", e => {
    e.preventDefault();
    if (e.dataTransfer.files.length) { input.files = e.dataTransfer.files; drop.closest("form").requestSubmit(); }
  });
}

// One click, one write.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", e => {
    const button = e.submitter ?? form.querySelector("button.first");
    if (button) setTimeout(() => { button.disabled = true; button.textContent = button.dataset.busy ?? "请稍候…"; });
  });
}

// A summary of errors takes the focus when it is there.
document.querySelector(".summary")?.focus();
