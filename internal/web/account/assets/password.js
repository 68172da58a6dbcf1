// New passwords: ticks off the rules as they are met, and shows what is typed
// to who asks for it. The server decides; without scripts nothing is lost.
"use strict";
{
  const kinds = [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{Lu}\p{Ll}\p{Nd}]/u];
  const tests = {
    length: (typed, least) => { const n = [...typed].length; return n >= Number(least) && n <= 128; },
    classes: typed => kinds.filter(kind => kind.test(typed)).length >= 3,
    username: (typed, name) => !name ? null : typed !== "" && !(name.length > 2 && typed.toLowerCase().includes(name.toLowerCase())),
  };
  for (const list of document.querySelectorAll("[data-rules]")) {
    const input = document.getElementById(list.dataset.rules);
    const check = () => {
      for (const rule of list.querySelectorAll("[data-rule]")) {
        const met = tests[rule.dataset.rule](input.value, rule.dataset.arg);
        if (met === null) continue;
        rule.classList.toggle("met", met);
        rule.querySelector(".mark").textContent = met ? "已满足" : "未满足";
      }
    };
    input.addEventListener("input", check);
    check();
  }
  for (const input of document.querySelectorAll("input[type=password]")) {
    const show = document.createElement("button");
    show.type = "button";
    show.className = "show";
    show.textContent = "显示";
    show.setAttribute("aria-label", "显示输入的密码");
    show.setAttribute("aria-pressed", "false");
    show.addEventListener("click", () => {
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      show.textContent = shown ? "隐藏" : "显示";
      show.setAttribute("aria-pressed", String(shown));
    });
    const box = document.createElement("div");
    box.className = "secret";
    input.before(box);
    box.append(input, show);
    input.form.addEventListener("submit", () => { input.type = "password"; });
  }
}
