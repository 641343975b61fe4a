import { t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { ownId } from '../access.ts';
import { isCustomerId, mayOpenCustomer } from '../customers.ts';

/** The sender of a command: a person's id, with the way to the name for those who may see it. */
export const Actor = ({ actor }: { actor: string }) => {
  if (actor === 'anonymous') return <>{t({ en: 'anonymous', ko: '익명' })}</>;
  const policy = /^policy:(.+)$/.exec(actor)?.[1];
  if (policy !== undefined) return <>{t({ en: `policy ${policy}`, ko: `정책 ${policy}` })}</>;
  if (actor === ownId()) return <span title={actor}>{t({ en: 'you', ko: '나' })}</span>;
  const id = <bdi class="id">{actor}</bdi>;
  return isCustomerId(actor) && mayOpenCustomer(actor) ? <Link to={`${VIEW}/customers/${actor}`}>{id}</Link> : id;
};
