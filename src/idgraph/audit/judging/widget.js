// Questions side by side, and a verdict on each. All values are set as text, never as HTML.
const VERDICTS = [["same", "s"], ["different", "d"], ["unsure", "u"]];
const NAMED = 5; // records of a side that are listed at once
const MARKS = { same: "=", partly: "≈", different: "≠", "one side": "·" };

function element(name, className, ...children) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...children);
  return made;
}

// Text of somebody's data: whatever direction it runs in, it does not turn what stands beside it.
function value(text, tag = "bdi") {
  const made = document.createElement(tag);
  made.textContent = text;
  return tag === "bdi" ? made : element("bdi", "", made);
}

const fold = (text) => text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

// The values of all records of a side: by fact, each value once.
function facts(ids, records) {
  const found = new Map();
  for (const id of ids) {
    for (const [fact, values] of records[id].facts) {
      const held = found.get(fact) ?? new Map();
      values.filter((one) => !held.has(fold(one))).forEach((one) => held.set(fold(one), one));
      found.set(fact, held);
    }
  }
  return found;
}

function compared(left, right) {
  if (!left.size || !right.size) return "one side";
  const shared = [...left.keys()].filter((one) => right.has(one)).length;
  if (!shared) return "different";
  return shared === left.size && shared === right.size ? "same" : "partly";
}

// Values of one side; those that the other lacks are marked, where it has any.
function cell(own, other) {
  const made = element("td", "");
  for (const [key, text] of own) {
    made.append(element("div", "", value(text, other.size && !other.has(key) ? "mark" : "bdi")));
  }
  return made;
}

function row(fact, left, right) {
  const verdict = compared(left, right);
  const mark = element("td", "sign", element("span", "", MARKS[verdict]), element("span", "unseen", verdict));
  mark.title = verdict;
  mark.firstChild.ariaHidden = "true";
  const head = element("th", "", value(fact));
  head.scope = "row";
  const made = element("tr", "", head, cell(left, right), mark, cell(right, left));
  made.dataset.compared = verdict;
  return made;
}

// Where the records of a profile are chosen, a side is one of them; else all that it has.
const shownOf = (question, side) => (question.choose ? question[side].slice(0, 1) : question[side]);

function listed(question, side, records) {
  const ids = shownOf(question, side);
  const more = Math.max(ids.length - NAMED, 0) + question.more[side === "left" ? 0 : 1];
  const id = (one) => (question.choose ? "" : value(one, "b")); // a record that is chosen is named by the choice
  const items = ids.slice(0, NAMED).map((one) => element("div", "", id(one), " ", value(records[one].about)));
  if (more > 0) items.push(element("div", "", `and ${more.toLocaleString("en")} more`));
  return items;
}

function render({ model, el }) {
  const root = element("section", "idgraph-judging");
  root.tabIndex = 0;
  root.ariaLabel = "Judge pairs: s same, d different, u unsure, arrows to move";
  root.dataset.lmSuppressShortcuts = "true"; // else `d` twice deletes the cell in JupyterLab
  const status = element("p", "status");
  status.role = "status";
  const told = element("p", "told");
  const table = element("table", "");
  const why = element("input", "");
  why.placeholder = "why (optional, before the answer)";
  why.ariaLabel = "Why";
  const buttons = Object.fromEntries(VERDICTS.map(([verdict, key]) => [verdict, button(verdict, key, () => answer(verdict))]));
  const back = button("back", "←", () => move(-1));
  const next = button("next", "→", () => move(1));
  root.append(status, told, element("div", "scroll", table), element("div", "bar", back, ...Object.values(buttons), next, why));
  el.append(root);

  let pairs = {}; // records chosen of a profile, by place

  function button(text, key, pressed) {
    const made = element("button", "", text, " ", element("kbd", "", key));
    made.type = "button";
    made.ariaKeyShortcuts = key === "←" ? "ArrowLeft" : key === "→" ? "ArrowRight" : key;
    made.addEventListener("click", pressed);
    return made;
  }

  // The question as it stands: with the records that were chosen, or answered about, first.
  function current() {
    const place = model.get("place");
    const question = model.get("questions")[place];
    const pair = question?.choose && (pairs[place] ?? pairOf(model.get("answers")[place]));
    return pair ? { ...question, left: first(pair[0], question.left), right: first(pair[1], question.right) } : question;
  }
  const pairOf = (said) => said && [said.left_id, said.right_id];
  const first = (id, ids) => [id, ...ids.filter((other) => other !== id)];

  function set(name, to) {
    model.set(name, to);
    model.save_changes();
  }

  function move(by) {
    const to = model.get("place") + by;
    if (to >= 0 && to < model.get("questions").length) set("place", to);
  }

  function answer(verdict) {
    const place = model.get("place");
    const question = current();
    if (!question || question.left[0] === question.right[0]) return;
    const answers = { ...model.get("answers") };
    if (answers[place]?.verdict === verdict && !pairs[place]) {
      delete answers[place];
      set("answers", answers);
      return;
    }
    const [left_id, right_id] = [question.left[0], question.right[0]];
    answers[place] = { left_id, right_id, verdict, why: why.value, at: new Date().toISOString() };
    delete pairs[place];
    set("answers", answers);
    move(1);
  }

  function reword() {
    const place = model.get("place");
    const answers = model.get("answers");
    if (answers[place]) set("answers", { ...answers, [place]: { ...answers[place], why: why.value } });
  }

  function chooser(question, side) {
    const made = element("select", "");
    made.ariaLabel = `${side} record`;
    for (const id of [...question[side]].sort()) {
      made.append(new Option(id, id, false, id === question[side][0]));
    }
    made.addEventListener("change", () => {
      const pair = [question.left[0], question.right[0]];
      pair[side === "left" ? 0 : 1] = made.value;
      pairs[model.get("place")] = pair;
      show();
      root.querySelector(`select[aria-label="${side} record"]`).focus();
    });
    return made;
  }

  function head(question, side, records) {
    const made = element("th", "", ...(question.choose ? [chooser(question, side)] : []), ...listed(question, side, records));
    made.scope = "col";
    return made;
  }

  function show() {
    const question = current();
    const place = model.get("place");
    const answers = model.get("answers");
    const answered = Object.keys(answers).length;
    [back.disabled, next.disabled] = [place === 0, place >= model.get("questions").length - 1];
    if (!question) {
      status.textContent = "Nothing is asked.";
      Object.values(buttons).forEach((one) => { one.disabled = true; });
      return;
    }
    const said = answers[place]?.verdict;
    const done = said ? ` Answered: ${said}.` : "";
    status.textContent = `${place + 1} of ${model.get("questions").length}, ${answered} answered. ${question.asks}${done}`;
    const single = question.left[0] === question.right[0];
    for (const [verdict, one] of Object.entries(buttons)) {
      one.ariaPressed = String(verdict === said);
      one.disabled = single;
    }
    told.replaceChildren(...question.told.flatMap(([label, text]) => [element("span", "label", label), " ", value(text), " "]));
    const records = model.get("records");
    const [left, right] = ["left", "right"].map((side) => facts(shownOf(question, side), records));
    const none = new Map();
    const names = [...new Set([...left.keys(), ...right.keys()])];
    const body = names.map((fact) => row(fact, left.get(fact) ?? none, right.get(fact) ?? none));
    const heads = element("tr", "", element("td", ""), head(question, "left", records), element("td", ""), head(question, "right", records));
    table.replaceChildren(element("thead", "", heads), element("tbody", "", ...body));
  }

  function turn() {
    show();
    why.value = model.get("answers")[model.get("place")]?.why ?? "";
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === why) {
      if (event.key === "Enter" || event.key === "Escape") root.focus();
      event.stopPropagation();
      return;
    }
    if (event.target.tagName === "SELECT") return;
    const verdict = VERDICTS.find(([, key]) => key === event.key.toLowerCase())?.[0];
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!verdict && !by) return;
    event.preventDefault();
    event.stopPropagation();
    if (verdict) answer(verdict);
    else move(by);
  });
  why.addEventListener("change", reword);
  model.on("change:place", turn);
  model.on("change:answers", show);
  turn();
  return () => {
    model.off("change:place", turn);
    model.off("change:answers", show);
  };
}

export default { render };
