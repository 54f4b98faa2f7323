// The page: which number, which phone, what was typed, and asking for what is new.

import { Chat } from "./chat.js";
import { count } from "./count.js";
import { explain, fill, messages, notice, say, words } from "./net.js";
import * as ussd from "./ussd.js";

const KEY = "sahti-number";
const EVERY = 1000;
const AWAY = 5000;
const byId = (id) => document.getElementById(id);
const field = byId("number");
const unread = document.querySelector(".unread");
const inputs = { ussd: ussd.input, sms: byId("sms-input"), whatsapp: byId("whatsapp-input") };

let number = "";
let run = "";
let after = 0;
let basicView = "ussd";
let asking = 0;
let fresh = true;

// ---- messages

const chats = {
  sms: new Chat("sms", () => {}),
  whatsapp: new Chat("whatsapp", (text, choice) => send("whatsapp", text, choice)),
};

async function poll() {
  clearTimeout(asking);
  const of = number;
  try {
    const answer = await messages(of, after);
    if (of === number) take(answer);
  } catch {
    // the network is away; the next time asks for the same
  }
  clearTimeout(asking);
  asking = setTimeout(poll, document.hidden ? AWAY : EVERY);
}

function take(answer) {
  if (run && answer.run !== run) return begin(number);
  run = answer.run;
  after = Math.max(after, answer.after);
  for (const message of answer.messages) {
    const known = byId(message.id);
    chats[message.medium].show(message);
    if (message.medium === "sms" && !message.mine && !known && !fresh && basicView !== "sms") {
      unread.hidden = false;
      unread.textContent = Number(unread.textContent || 0) + 1;
    }
  }
  fresh = false;
}

async function send(medium, text, choice) {
  if (!text.trim()) return false;
  notice("");
  try {
    const said = { channel: `sim-${medium}`, number, text };
    await say(choice ? { ...said, choice } : said);
    return true;
  } catch (failed) {
    explain(failed);
    return false;
  } finally {
    poll();
    setTimeout(poll, 250);
  }
}

async function submit(medium) {
  const input = inputs[medium];
  const text = input.value;
  input.value = "";
  grow(input);
  counted();
  if (!(await send(medium, text)) && !input.value) input.value = text;
  input.focus();
}

// ---- the number

function random() {
  return `+2126000000${String(Math.floor(Math.random() * 98)).padStart(2, "0")}`;
}

function mobile(written) {
  const digits = written.replace(/[\s().-]/g, "").replace(/^(00212|\+212|212|0)/, "");
  return /^[67]\d{8}$/.test(digits) ? `+212${digits}` : null;
}

function begin(of) {
  number = of;
  field.value = of;
  byId("number-error").textContent = "";
  try {
    localStorage.setItem(KEY, of);
  } catch {
    // a browser that keeps nothing gets another number next time
  }
  [run, after, fresh] = ["", 0, true];
  unread.hidden = true;
  unread.textContent = "";
  chats.sms.clear();
  chats.whatsapp.clear();
  ussd.idle(of);
  poll();
}

byId("number-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const found = mobile(field.value);
  if (found) begin(found);
  else byId("number-error").textContent = words.bad_number;
});
byId("another").addEventListener("click", () => begin(random()));

// ---- which phone, which screen

for (const button of document.querySelectorAll("[data-phone]")) {
  button.addEventListener("click", () => {
    document.body.dataset.show = button.dataset.phone;
    press("[data-phone]", button);
  });
}

function press(group, pressed) {
  for (const one of document.querySelectorAll(group)) one.setAttribute("aria-pressed", String(one === pressed));
}

function look(name) {
  basicView = name;
  byId("ussd").hidden = name !== "ussd";
  byId("sms").hidden = name !== "sms";
  press("[data-view]", document.querySelector(`[data-view=${name}]`));
  if (name === "sms") {
    unread.hidden = true;
    unread.textContent = "";
    byId("sms-log").scrollTop = byId("sms-log").scrollHeight;
  }
  soft();
}

for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => look(button.dataset.view));
}

function soft() {
  const dials = basicView === "ussd" && !ussd.talking();
  byId("go").querySelector(".label").textContent = dials ? words.call : words.send;
  byId("stop").disabled = basicView === "sms";
}

byId("ussd").addEventListener("change", soft);

// ---- keys

for (const key of document.querySelectorAll("[data-key]")) {
  key.addEventListener("click", () => {
    const input = inputs[basicView];
    if (input.value.length < input.maxLength) input.value += key.dataset.key;
    counted();
  });
}
byId("erase").addEventListener("click", () => {
  const input = inputs[basicView];
  input.value = [...input.value].slice(0, -1).join("");
  counted();
});
byId("go").addEventListener("click", () => (basicView === "ussd" ? ussd.go() : submit("sms")));
byId("stop").addEventListener("click", () => ussd.stop());
byId("ussd-form").addEventListener("submit", (event) => {
  event.preventDefault();
  ussd.go();
});

// ---- writing

function counted() {
  byId("sms-count").textContent = inputs.sms.value ? fill(words.count, count(inputs.sms.value)) : "";
}

function grow(input) {
  input.style.height = "";
  if (input === inputs.whatsapp) input.style.height = `${Math.min(input.scrollHeight, 120)}px`;
}

for (const medium of ["sms", "whatsapp"]) {
  const input = inputs[medium];
  byId(`${medium}-form`).addEventListener("submit", (event) => {
    event.preventDefault();
    submit(medium);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit(medium);
  });
  input.addEventListener("input", () => {
    grow(input);
    counted();
  });
}

for (const phrase of document.querySelectorAll("[data-phrase]")) {
  phrase.addEventListener("click", () => {
    const narrow = matchMedia("(max-width: 47.99rem)").matches;
    const medium = narrow && document.body.dataset.show === "basic" ? "sms" : "whatsapp";
    if (medium === "sms") look("sms");
    const input = inputs[medium];
    input.value = phrase.dataset.phrase;
    grow(input);
    counted();
    input.focus();
  });
}

// ---- begin

function clocks() {
  const now = new Date().toLocaleTimeString("fr", { hour: "2-digit", minute: "2-digit" });
  for (const clock of document.querySelectorAll(".clock")) clock.textContent = now;
}

clocks();
setInterval(clocks, 10000);
document.addEventListener("visibilitychange", () => document.hidden || poll());
let kept = null;
try {
  kept = localStorage.getItem(KEY);
} catch {
  // see begin()
}
look("ussd");
begin((kept && mobile(kept)) || random());
