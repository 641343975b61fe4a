import { encode } from 'uqr';

/** A QR code of a ticket's address in the control centre, where staff checks it. */
export const TicketCode = ({ path, label }: { path: string; label: string }) => {
  const { size, data } = encode(`${location.origin}/view${path}`);
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg class="code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <path d={dark} />
    </svg>
  );
};
