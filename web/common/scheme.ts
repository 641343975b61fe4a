import { createStore } from './store.ts';

export type Scheme = 'system' | 'light' | 'dark';

const KEPT_AS = 'plaza.scheme';

const kept = localStorage.getItem(KEPT_AS);

/** The user's choice of colours. */
export const chosenScheme = createStore<Scheme>(kept === 'light' || kept === 'dark' ? kept : 'system');

const prefersDark = matchMedia('(prefers-color-scheme: dark)');

const inForce = (): 'light' | 'dark' => {
  const chosen = chosenScheme.get();
  if (chosen !== 'system') return chosen;
  return prefersDark.matches ? 'dark' : 'light';
};

/** The current colours of the page. */
export const scheme = createStore(inForce());

const apply = (): void => {
  document.documentElement.dataset.scheme = chosenScheme.get();
  scheme.set(inForce());
};
prefersDark.addEventListener('change', apply);
apply();

export const chooseScheme = (chosen: Scheme): void => {
  localStorage.setItem(KEPT_AS, chosen);
  chosenScheme.set(chosen);
  apply();
};
