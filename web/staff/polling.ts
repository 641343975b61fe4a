import { useEffect, useState } from 'preact/hooks';

/**
 * Calls a function again and again.
 * @param look returns the milliseconds until the next call; undefined for none
 * @returns a function that calls it at once
 */
export const usePolling = (look: (gone: AbortSignal) => Promise<number | undefined>): (() => void) => {
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async () => {
      const wait = await look(gone.signal);
      if (wait !== undefined && !gone.signal.aborted) timer = setTimeout(again, wait);
    };
    void again();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [asked]);
  return () => setAsked((times) => times + 1);
};
