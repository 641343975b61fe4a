import { useEffect } from 'preact/hooks';

/** Names the page in the browser's tab and history. @param words from the particular to the general */
export const useTitle = (...words: readonly (string | undefined)[]): void => {
  const title = [...words.filter(Boolean), 'Plaza'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
};
