import { formatShare, type Phrase } from '../common/language.ts';
import { isLimited } from './access.ts';
import type { Overview } from './live.ts';

/** The first build of a context's views from history; without a share it has not begun. */
export type FirstBuild = { words: Phrase; share?: number };

/** Returns the share of the history up to a position. */
const shareOf = (position: string, tail: string): number =>
  Number(tail) <= 0 ? 1 : Math.min(Math.max(Number(position), 0) / Number(tail), 1);

const viewsOf = (known: Overview, context: string) =>
  known.projections.filter(({ view }) => view.startsWith(`${context}.`));

/** Returns whether a context is hidden from the signed-in user: Plaza shows neither its state nor its views. */
export const isHidden = (known: Overview, context: string): boolean =>
  isLimited() && !known.contexts[context] && viewsOf(known, context).length === 0;

/** Returns how far the views of a context are built; undefined when they are built, or cannot be read otherwise. */
export const firstBuildOf = (known: Overview | undefined, context: string): FirstBuild | undefined => {
  if (!known || known.contexts[context]) return undefined;
  const all = viewsOf(known, context);
  if (all.length === 0)
    return { words: { en: 'This is not built from the history yet.', ko: '아직 기록에서 화면을 만들지 않았습니다.' } };
  const running = all.filter(({ group, state }) => group === 'rebuilds' && state !== 'stopped');
  if (running.length === 0) return undefined;
  const built = all.filter(({ group, version }) => group === 'projections' && version !== null).length;
  const shares = running.map(({ position, tail }) => shareOf(position, tail));
  const share = (shares.reduce((sum, one) => sum + one, 0) + built) / (running.length + built);
  return {
    share,
    words: {
      en: `This is being built from the history: ${formatShare(share)}`,
      ko: `기록에서 화면을 만드는 중: ${formatShare(share)}`,
    },
  };
};
