// USSD on the simple phone: dial the code, answer each page, hang up.

import { explain, fill, notice, say, words } from "./net.js";

const code = document.body.dataset.code;
const view = document.getElementById("ussd");
const text = document.getElementById("ussd-text");
const length = document.getElementById("ussd-count");
const label = document.getElementById("ussd-label");
export const input = document.getElementById("ussd-input");

const BUDGET = { "GSM-7": 160, "UCS-2": 70 };
let session = null;
let busy = false;
let number = "";

export const talking = () => session !== null;

function show(state, shown, counted = "") {
  view.dataset.state = state;
  text.textContent = shown;
  length.textContent = counted;
  label.textContent = state === "open" ? words.answer : words.dial;
  view.dispatchEvent(new Event("change"));
}

export function idle(of = number) {
  number = of;
  session = null;
  input.value = "";
  show("idle", words.dial_hint);
  input.placeholder = code;
}

export async function go() {
  const typed = input.value.trim();
  if (busy || (talking() && typed === "")) return;
  const dialled = typed || code;
  if (!talking() && dialled !== code) {
    show("over", fill(words.wrong_code, { code }));
    input.value = "";
    return;
  }
  const from = number;
  busy = true;
  view.setAttribute("aria-busy", "true");
  notice("");
  try {
    const said = { channel: "sim-ussd", number: from, text: talking() ? typed : dialled };
    const answer = await say(talking() ? { ...said, session } : said);
    if (from !== number) return;
    session = answer.goes_on ? answer.session : null;
    const counted = { coding: answer.coding, units: answer.units, budget: BUDGET[answer.coding] };
    show(answer.goes_on ? "open" : "over", answer.page || words.over, answer.page ? fill(words.page_count, counted) : "");
    input.value = "";
    input.placeholder = session ? "" : code;
  } catch (failed) {
    explain(failed);
    if (!talking()) show("over", words.no_answer);
  } finally {
    busy = false;
    view.removeAttribute("aria-busy");
  }
}

export async function stop() {
  const ended = session;
  idle();
  if (ended === null) return;
  try {
    await say({ channel: "sim-ussd", number, text: "", session: ended, end: true });
  } catch (failed) {
    explain(failed);
  }
}
