// Which results come first. Sphinx's own weights, but a chapter explains what it names, and the
// page of ae_lib names what chapters explain.
var Scorer = {
  score: ([page, , , , score]) =>
    score + (page.startsWith("chapters/") ? 12 : page === "pages/api" ? -12 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
