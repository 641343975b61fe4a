import { useEffect } from 'preact/hooks';
import { language } from '../../common/language.ts';
import { useStore } from '../../common/store.ts';

/** Names the page in the browser's tab and history. @param words from the particular to the general */
export const useTitle = (...words: readonly (string | undefined)[]): void => {
  const tongue = useStore(language);
  const title = [...words.filter(Boolean), 'Plaza'].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title, tongue]);
};
