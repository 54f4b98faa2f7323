// Messages on both phones: bubbles, what became of each, buttons to tap and lists to open.

import { fill, words } from "./net.js";

const TICKS = { queued: "○", sent: "✓", delivered: "✓✓", failed: "!" };
const dialog = document.getElementById("list");

function made(name, attributes = {}, ...inside) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

function hour(iso) {
  return new Date(iso).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", numberingSystem: "latn" });
}

function foot(message) {
  const said = message.mine && message.state === "failed" ? words.not_sent : words.state[message.state];
  const tick = made("span", { class: `tick ${message.state}`, role: "img", "aria-label": said, title: said }, TICKS[message.state] ?? "");
  const parts = [made("time", { datetime: message.at, dir: "ltr" }, hour(message.at)), tick];
  if (message.medium === "sms") parts.unshift(made("span", { class: "cost" }, fill(words.count, message)));
  else if (message.state === "failed") parts.unshift(made("span", { class: "cost" }, said));
  return made("footer", {}, ...parts);
}

export class Chat {
  constructor(medium, answer) {
    this.log = document.getElementById(`${medium}-log`);
    this.empty = words[`empty_${medium}`];
    this.answer = answer;
    this.clear();
  }

  clear() {
    this.log.replaceChildren(made("li", { class: "empty" }, this.empty));
  }

  show(message) {
    this.log.querySelector(".empty")?.remove();
    const before = document.getElementById(message.id);
    if (before) {
      if (Number(before.dataset.change) > message.change) return; // an older answer that came later
      before.dataset.change = message.change;
      before.className = this.#class(message);
      before.querySelector("footer").replaceWith(foot(message));
      return;
    }
    const who = made("span", { class: "unseen" }, `${message.mine ? words.from_me : words.from_sahti} : `);
    const text = made("div", { class: "text", dir: "auto" });
    // each line takes its own direction: a French menu may stand under an Arabic sentence
    text.append(...message.text.split("\n").map((line) => made("p", { dir: "auto" }, line)));
    const item = made("li", { id: message.id, class: this.#class(message), "data-change": message.change }, who, text, foot(message));
    const taps = this.#taps(message);
    if (taps.length) item.append(made("div", { class: "taps" }, ...taps));
    this.log.append(item);
    this.log.scrollTop = this.log.scrollHeight;
  }

  #class(message) {
    return `bubble ${message.mine ? "mine" : "theirs"} ${message.state}`;
  }

  #taps(message) {
    const taps = (message.buttons ?? []).map((button) => {
      const tap = made("button", { type: "button", dir: "auto" }, button.title);
      tap.addEventListener("click", () => this.answer(button.title, button.id));
      return tap;
    });
    if (message.menu) {
      const open = made("button", { type: "button", class: "opens", dir: "auto", "aria-haspopup": "dialog" }, message.menu.button);
      open.addEventListener("click", () => this.#open(message.menu));
      taps.push(open);
    }
    return taps;
  }

  #open(menu) {
    dialog.querySelector("h3").textContent = menu.button;
    dialog.querySelector("ul").replaceChildren(
      ...menu.rows.map((row) => {
        const tap = made("button", { type: "button", dir: "auto" }, made("span", {}, row.title));
        if (row.description) tap.append(made("small", {}, row.description));
        tap.addEventListener("click", () => {
          dialog.close();
          this.answer(row.title, row.id);
        });
        return made("li", {}, tap);
      }),
    );
    dialog.showModal();
  }
}

dialog.querySelector(".close").addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
