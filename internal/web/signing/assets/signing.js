// The way to a signature: sizes of the page, sending what was written, and waiting
// for what a phone writes.
"use strict";

// Sizes without a new page.
for (const link of document.querySelectorAll(".zooms a")) {
  link.addEventListener("click", e => {
    e.preventDefault();
    const reader = document.querySelector(".reader");
    reader.className = "reader size-" + link.dataset.size;
    for (const other of document.querySelectorAll(".zooms a")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    for (const on of document.querySelectorAll("a[rel=next], a[rel=prev]")) on.setAttribute("href", on.getAttribute("href").replace(/zoom=\d+/, "zoom=" + link.dataset.size));
  });
}

for (const form of document.querySelectorAll("form.inkform")) {
  const pad = form.querySelector("[data-ink]"), button = form.querySelector("button.first:not([data-small])");
  form.addEventListener("submit", e => {
    if (pad.ink.empty) {
      e.preventDefault();
      pad.ink.say("还没有写：请先在签名框里手写姓名");
      pad.scrollIntoView({ block: "center" });
      return;
    }
    form.elements.drawing.value = pad.ink.json;
    setTimeout(() => { button.dataset.was = button.textContent; button.disabled = true; button.textContent = button.dataset.busy; });
  });
}

// A phone writes for this page.
for (const card of document.querySelectorAll("[data-arrives]")) {
  const status = document.getElementById("arriving"), picture = document.getElementById("arrived"), go = document.getElementById("arrived-go");
  let before = null, timer;
  const look = async () => {
    try {
      const answer = await fetch(card.dataset.arrives, { headers: { Accept: "application/json" } });
      const scene = await answer.json();
      if (!answer.ok) {
        status.textContent = answer.status === 401 ? "登录已超时，请刷新后重新登录" : scene.detail;
        if (answer.status < 500 && answer.status !== 429) return;
      } else if (before === null) {
        before = scene.drawing ?? "";
      } else if (scene.drawing && scene.drawing !== before) {
        picture.setAttribute("viewBox", scene.box);
        picture.querySelector("path").setAttribute("d", scene.drawing);
        picture.toggleAttribute("hidden", false);
        go.hidden = false;
        go.focus();
        status.textContent = "收到了。请核对，是您写的就进行下一步。";
        return;
      }
    } catch { /* the next look may succeed */ }
    timer = setTimeout(look, document.hidden ? 5000 : 1200);
  };
  look();
  addEventListener("pagehide", () => clearTimeout(timer));
}
