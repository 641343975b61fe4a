import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { scheme } from '../../common/scheme.ts';
import { useStore } from '../../common/store.ts';

/** Returns a colour of the page. */
export const color = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The size of the page's font in pixels. */
export const letter = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/** The style of the axes of every chart. */
type Axis = { stroke: string; font: string; ticks: { show: false } };

/**
 * Draws a chart into an element, as wide as that is, in the page's colours.
 * @param height in units of the page's font size
 * @param on draws again when one of them changes
 */
export const useChart = (
  height: number,
  options: (axis: Axis) => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
  on: readonly unknown[],
) => {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const tone = useStore(scheme);
  useEffect(() => {
    const place = element.current;
    if (!place) return;
    const font = `${Math.round(letter() * 0.73)}px "Pretendard Variable", system-ui, sans-serif`;
    const drawn = options({ stroke: color('--dim'), font, ticks: { show: false } });
    const end = () => {
      plot.current?.destroy();
      plot.current = undefined;
    };
    const resized = new ResizeObserver(() => {
      const width = Math.floor(place.clientWidth);
      if (width === 0 || width === plot.current?.width) return;
      end();
      plot.current = new uPlot({ ...drawn, width, height: height * letter() }, data, place);
    });
    resized.observe(place);
    return () => {
      resized.disconnect();
      end();
    };
  }, [...on, tone]);
  return { element, plot };
};
