// A worker that is asked by messages and answers with promises.

/** Start one; what it reports by itself goes to `hear`. */
export function makeWorker(hear) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const waiting = new Map();
  let ids = 0;
  worker.onmessage = ({ data }) => {
    if (data.event) return hear(data);
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data.result);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || "the worker could not be loaded"));
    waiting.clear();
  };
  return {
    call(type, message = {}) {
      return new Promise((resolve, reject) => {
        waiting.set(++ids, { resolve, reject });
        worker.postMessage({ ...message, id: ids, type });
      });
    },
    end: () => worker.terminate(),
  };
}
