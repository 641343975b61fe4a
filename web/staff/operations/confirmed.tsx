import { useId, useRef } from 'preact/hooks';
import { t } from '../../common/language.ts';

/** A question before something that takes long. */
export const Confirmed = ({ words, question, onYes }: { words: string; question: string; onYes(): void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {words}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <form method="dialog" onSubmit={onYes}>
          <p id={id}>{question}</p>
          <div class="buttons">
            <button type="submit" class="main">
              {words}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              {t({ en: 'Back', ko: '돌아가기' })}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
};
