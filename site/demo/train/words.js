// How numbers are written on this page, and what is said of a network that has gone wrong.

export const plural = (count, noun) =>
  `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

/** An error, with three digits that count. */
export const three = (value) =>
  (value === undefined || value === null ? "–" : value < 0.001 ? value.toExponential(1) : value.toFixed(4));

const EXPLODED = 1e3; // a mean squared error of grey values: the numbers have grown beyond use

export const exploded = ({ mse }) => !(mse < EXPLODED);

/** What a look at the test images shows to be wrong, in a few sentences; nothing if all is well. */
export function troubleOf(look, settings) {
  const { dead, needed, silent } = look;
  if (exploded(look)) {
    return "The numbers have grown beyond use. A smaller learning rate helps; Reset begins again.";
  }
  if (settings.output === "relu" && dead === needed) {
    return (
      "This network is dead. Every output pixel is 0 for every test image: the sums before the last " +
      "ReLU are all negative, where its slope is 0. No gradient flows, so no step will change " +
      "anything, however long it trains. Another seed, a smaller learning rate, or a sigmoid helps."
    );
  }
  if (settings.codeActivation === "relu" && silent === settings.code) {
    return (
      "The code is dead: all its numbers are 0 for every test image, so every digit is rebuilt as the " +
      "same picture. The encoder gets no gradient any more. Another seed or a smaller learning rate helps."
    );
  }
  return "";
}
