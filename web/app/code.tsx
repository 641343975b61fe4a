import { encode } from 'uqr';
import { callerOf, session } from '../common/session.ts';
import { useStore } from '../common/store.ts';
import { say } from './words.ts';

/**
 * A QR code of the ticket's own address: whoever scans it gets no more than the ticket. Staff scans it into the control
 * centre's search, or follows the link.
 * @param path of the reservation
 */
export const TicketCode = ({ path, label }: { path: string; label: string }) => {
  const caller = callerOf(useStore(session));
  const { size, data } = encode(location.origin + location.pathname);
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <>
      <svg class="code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
        <path d={dark} />
      </svg>
      {caller?.roles.includes('staff') && (
        <a href={`/view${path}`}>{say('직원 화면에서 확인', 'Open in the control centre')}</a>
      )}
    </>
  );
};
