"use strict";
// Search over the entities of the page. All text is set as text, never as HTML.
(() => {
  const MOST = 20; // entities that are shown at once
  const entities = JSON.parse(document.getElementById("data").textContent);
  const words = document.getElementById("words");
  const why = document.getElementById("why");
  const found = document.getElementById("found");
  const list = document.getElementById("entities");

  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const haystacks = entities.map((entity) =>
    fold([entity.id, entity.name, entity.of, ...entity.facts.flat(), ...entity.ids].join("\n")),
  );

  function element(name, text, ...children) {
    const made = document.createElement(name);
    if (text) {
      const isolated = document.createElement("bdi");
      isolated.textContent = text;
      made.append(isolated);
    }
    made.append(...children);
    return made;
  }

  function facts(entity) {
    const rows = [
      ["id", entity.id],
      ["here because", entity.why.join(", ")],
      ["weakest evidence", entity.weakest],
      ["seen", entity.seen],
      [entity.level === "profile" ? "accounts" : "members", entity.of],
      ...entity.facts,
    ];
    const said = rows.filter(([, value]) => value);
    return element("dl", "", ...said.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  }

  function card(entity) {
    const more = entity.records - entity.ids.length;
    const ids = entity.ids.map((id) => element("li", id));
    if (more > 0) {
      ids.push(element("li", `and ${more.toLocaleString("en")} more`));
    }
    const count = `${entity.records.toLocaleString("en")} ${entity.records === 1 ? "record" : "records"}`;
    const summary = element("summary", entity.name, element("span", `${entity.level}, ${count}${entity.weakest && `, weakest ${entity.weakest}`}`));
    const title = element("h3", "Records");
    return element("details", "", summary, facts(entity), title, element("ul", "", ...ids));
  }

  function show() {
    const asked = fold(words.value).split(/\s+/).filter(Boolean);
    const hits = entities.filter(
      (entity, place) =>
        (!why.value || entity.why.includes(why.value)) && asked.every((word) => haystacks[place].includes(word)),
    );
    const some = hits.length > MOST ? `, the first ${MOST} are shown` : "";
    found.textContent = `${hits.length.toLocaleString("en")} found${some}.`;
    list.replaceChildren(...hits.slice(0, MOST).map(card));
  }

  for (const reason of new Set(entities.flatMap((entity) => entity.why))) {
    const option = document.createElement("option");
    option.textContent = reason;
    why.append(option);
  }
  document.getElementById("find").addEventListener("submit", (event) => event.preventDefault());
  words.addEventListener("input", show);
  why.addEventListener("change", show);
  show();
})();
