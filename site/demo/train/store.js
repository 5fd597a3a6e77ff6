// What was trained survives a reload: one record in the browser's own database.

const [DATABASE, STORE] = ["autoencoder", "trained"];

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keep a record, in place of the last one of that name. */
export const keep = (name, record) => transact("readwrite", (store) => store.put(record, name));

/** The record of that name; undefined if there is none. */
export const recall = (name) => transact("readonly", (store) => store.get(name));
