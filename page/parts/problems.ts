/** The problems of the status, each with its cause and what to do. */

import { type Problem, problemsOf } from "../../src/view/problems.ts";
import type { App, Part } from "../app.ts";
import { el, keyed, setText } from "../dom.ts";
import { momentText } from "../times.ts";

export function createProblems(app: App): Part {
  const list = el("ul", { class: "problems" });
  const title = el("h2", {}, "Problems");
  const element = el(
    "section",
    { class: "card problems-card", "aria-label": "Problems" },
    title,
    list,
  );
  const show = keyed<Problem>(list, ({ title }) => title, () => rowOf(app));
  const update = () => {
    const status = app.status.get();
    const problems = status === undefined ? [] : problemsOf(status);
    element.hidden = problems.length === 0;
    setText(title, problems.length > 1 ? `${problems.length} problems` : "Problem");
    show(problems);
  };
  const end = app.status.follow(update);
  update();
  return { element, destroy: end };
}

function rowOf(app: App) {
  let about: string | undefined;
  const title = el("button", {
    class: "explains",
    onclick: () => about !== undefined && app.explain(about),
  });
  const since = el("span", { class: "since" });
  const message = el("p", { class: "message" });
  const advice = el("p", { class: "advice" });
  return {
    element: el(
      "li",
      {},
      el("div", { class: "line" }, el("strong", {}, title), since),
      message,
      advice,
    ),
    update(problem: Problem) {
      about = problem.about;
      title.disabled = about === undefined;
      setText(title, problem.title);
      setText(
        since,
        problem.since === undefined ? "" : `since ${momentText(problem.since / 1000, app.now())}`,
      );
      setText(message, problem.message ?? "");
      message.hidden = problem.message === undefined || problem.title.includes(problem.message);
      setText(advice, problem.advice ?? "");
      advice.hidden = problem.advice === undefined;
    },
  };
}
