/** Items that wait, in a queue for each client. */
export type FairQueue<Item> = {
  readonly size: number;
  /** Adds an item at the end of a client's queue. */
  add(client: string, item: Item): void;
  /** Removes and returns the next item: clients take turns, and each gives the oldest of its own. */
  take(): Item | undefined;
  /** Removes and returns the newest item of the longest queue. */
  evict(): Item | undefined;
  /** Returns how many items would be taken before one that the client adds now. */
  before(client: string): number;
};

/** Makes a queue in which a client waits for one item of each other client at most before its own next one. */
export const fairQueue = <Item>(): FairQueue<Item> => {
  /** In the order of the turns; none is empty. */
  const queues = new Map<string, Item[]>();
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(client, item) {
      const queue = queues.get(client);
      if (queue) queue.push(item);
      else queues.set(client, [item]);
      size += 1;
    },
    take() {
      for (const [client, queue] of queues) {
        queues.delete(client);
        if (queue.length > 1) queues.set(client, queue);
        size -= 1;
        return queue.shift();
      }
      return undefined;
    },
    evict() {
      let longest: [string, Item[]] | undefined;
      for (const each of queues) if (each[1].length > (longest?.[1].length ?? 0)) longest = each;
      if (!longest) return undefined;
      const [client, queue] = longest;
      if (queue.length === 1) queues.delete(client);
      size -= 1;
      return queue.pop();
    },
    before(client) {
      const own = queues.get(client)?.length ?? 0;
      let before = own;
      for (const [other, { length }] of queues) if (other !== client) before += Math.min(length, own + 1);
      return before;
    },
  };
};
