import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { work } from './index.ts';
import type { WorkProps } from './props.ts';

/** The work page of a template, if it has one. */
export const Work = ({ template, ...props }: WorkProps & { template: string }) => {
  const [Shown, setShown] = useState<ComponentType<WorkProps>>();
  useEffect(() => {
    let isGone = false;
    work[template]?.().then(
      (component) => {
        if (!isGone) setShown(() => component);
      },
      () => {}, // The fields and lists below show the same.
    );
    return () => {
      isGone = true;
    };
  }, [template]);
  return Shown ? <Shown {...props} /> : null;
};
