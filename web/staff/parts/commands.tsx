import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { newKey, type Problem, RefusedError, send } from '../../common/api.ts';
import { t } from '../../common/language.ts';
import { readOperations } from '../../common/openapi.ts';
import { VIEW } from '../../common/router.tsx';
import { fill } from '../../common/templates.ts';
import { may, ownFields } from '../access.ts';
import type { ContextView, Item } from '../context.ts';
import { aboutOf } from '../describe-events.ts';
import { commandsAre } from '../live.ts';
import { notify } from '../notices.tsx';
import { isPossible } from '../possible.ts';
import { problemWords } from '../problems.ts';
import { commandDone } from '../resource.ts';
import { filled } from '../texts.ts';
import { Field } from './form.tsx';
import {
  bodyOf,
  type FieldOf,
  type Form,
  faultsOf,
  fieldsFor,
  initialValues,
  isFaulty,
  type Values,
} from './form-values.ts';
import { Menu } from './menu.tsx';

type Command = Form & { name: string; key: string };

const AWAY: ReadonlySet<string> = new Set([
  '/problems/unavailable',
  '/problems/write-side-unavailable',
  '/problems/event-store-unavailable',
]);

const refusalOf = (error: unknown): Problem => {
  if (!(error instanceof RefusedError)) throw error;
  if (AWAY.has(error.problem.type)) commandsAre(false);
  return error.problem;
};

/** Sends the command; the views of the changed resources update by themselves. */
const give = async (
  view: ContextView,
  { name, key, ...form }: Command,
  known: Item,
  values: Values,
  before: Values,
): Promise<void> => {
  const { method, path, body } = form.operation;
  const target = fill(path, { ...known, ...values });
  if (target === undefined) throw new Error(`${name} has no ${path}`);
  const given = bodyOf(form, values, before);
  const isEmpty = Object.values(given).every((value) => value === undefined);
  const done = await send(method, target, body && !(isEmpty && method === 'DELETE') ? given : undefined, key);
  commandsAre(true);
  commandDone(done.position);
  const about = aboutOf(view, { ...known, ...done.body });
  const made = about && VIEW + about;
  const outcome = done.isGoingOn ? { en: 'accepted, in progress', ko: '접수됨, 처리 중' } : { en: 'done', ko: '완료' };
  notify('done', `${t(view.commands[name]!)}: ${t(outcome)}`, made === location.pathname ? undefined : made);
};

type DialogProps = { view: ContextView; command: Command; known: Item; onClose(): void };

const CommandDialog = ({ view, command, known, onClose }: DialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const words = view.commands[command.name]!;
  const [before] = useState<Values>(() => initialValues(command, known, words.makes));
  const [values, setValues] = useState(before);
  const [problem, setProblem] = useState<Problem>();
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await give(view, command, known, values, before);
      dialog.current?.close();
    } catch (error) {
      const refusal = refusalOf(error);
      setProblem(refusal);
      // A repeat after a lost answer keeps its key. After a refusal, the next attempt is a new command.
      if (refusal.status > 0 && refusal.status < 500) command.key = newKey();
    }
    setBusy(false);
  };

  const faults = faultsOf(problem);
  const isMinor = ({ name, required }: FieldOf) => !required && name.endsWith('Id');
  const field = (each: FieldOf) => (
    <Field
      key={each.name}
      {...each}
      view={view}
      known={{ ...known, ...values }}
      value={values[each.name]}
      at={`/${each.name}`}
      faults={faults}
      onValue={(value) => setValues((before) => ({ ...before, [each.name]: value }))}
    />
  );
  const warning = words.warning?.(values);
  const asked = command.fields.filter(({ name }) => !command.own.includes(name));
  const minor = asked.filter(isMinor);
  const subject = ['name', 'hospitalName', 'carNumber', 'orderId', 'bikeId']
    .map((name) => known[name])
    .find((name) => name !== undefined);

  return (
    <dialog ref={dialog} aria-labelledby={heading} onClose={onClose}>
      <form onSubmit={submit}>
        <h2 id={heading}>
          {t(words)}
          {subject !== undefined && <span class="dim"> · {String(subject)}</span>}
        </h2>
        {words.effect && <p class="effect">{filled(words.effect, known)}</p>}
        {problem && (
          <p class="refused" role="alert">
            {problemWords(problem, view)}
          </p>
        )}
        {asked.filter((each) => !isMinor(each)).map(field)}
        {minor.length > 0 && (
          <details open={minor.some(({ name }) => isFaulty(faults, `/${name}`))}>
            <summary>{t({ en: 'Choose the id', ko: 'ID 직접 지정' })}</summary>
            {minor.map(field)}
          </details>
        )}
        <div role="status">{warning && <p class="effect">{t(warning)}</p>}</div>
        <div class="buttons">
          <button type="submit" class={words.danger ? 'danger' : 'main'} disabled={isBusy}>
            {t(words)}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            {t({ en: 'Back', ko: '돌아가기' })}
          </button>
        </div>
      </form>
    </dialog>
  );
};

type CommandsProps = {
  view: ContextView;
  names: readonly string[];
  /** The most buttons, of the allowed commands. */
  most?: number;
  /** The known values of the resource: its path's parameters and its fields. */
  known: Item;
  small?: boolean;
  /** Whether dangerous commands are in a menu. */
  hasMenu?: boolean;
  /** The command whose form is open at first. */
  first?: { command: string } | undefined;
};

/** Buttons for commands: one without input is sent at once, the others open a dialog. */
export const Commands = ({
  view,
  names,
  most = names.length,
  known,
  small = false,
  hasMenu = false,
  first,
}: CommandsProps) => {
  const [open, setOpen] = useState<Command>();
  const [busy, setBusy] = useState<string>();
  const [possible, setPossible] = useState<readonly string[]>([]);
  const isOffered = (name: string): boolean =>
    may(`${view.name}.${name}`, known) && (!view.commands[name]?.needsMeans || possible.includes(name));
  const needy = names.filter((name) => view.commands[name]?.needsMeans && may(`${view.name}.${name}`, known)).join();

  useEffect(() => {
    for (const name of needy.split(',').filter(Boolean))
      void isPossible(`${view.name}.${name}`, known).then((is) => {
        if (is) setPossible((before) => [...before, name]);
      });
  }, [needy]);

  const press = async (name: string) => {
    if (busy !== undefined) return;
    setBusy(name);
    try {
      const operation = (await readOperations()).get(`${view.name}.${name}`);
      if (!operation) throw new Error(`There is no command ${view.name}.${name}`);
      const own = ownFields(operation);
      const { makes, danger } = view.commands[name]!;
      const command = { name, operation, fields: fieldsFor(operation, known, makes), own, key: newKey() };
      const asks = command.fields.some((field) => !own.includes(field.name)) || danger;
      if (asks) setOpen(command);
      else await give(view, command, known, initialValues(command, known, makes), {});
    } catch (error) {
      notify('refused', problemWords(refusalOf(error), view));
    } finally {
      setBusy(undefined);
    }
  };

  useEffect(() => {
    if (first && names.includes(first.command)) void press(first.command);
  }, [first]);

  const allowed = names.filter(isOffered);
  const isHidden = (name: string): boolean => hasMenu && view.commands[name]?.danger === true;
  const shown = allowed.filter((name) => !isHidden(name)).slice(0, most);
  const hidden = allowed.filter(isHidden);
  const button = (name: string, at: number) => {
    const words = view.commands[name]!;
    return (
      <button
        key={name}
        type="button"
        class={words.danger ? 'danger' : at === 0 && !small ? 'main' : undefined}
        disabled={busy === name}
        onClick={() => press(name)}
      >
        {t(words)}
      </button>
    );
  };

  return (
    <span class={small ? 'commands small' : 'commands'}>
      {shown.map(button)}
      {hidden.length > 0 && <Menu>{hidden.map(button)}</Menu>}
      {open && <CommandDialog view={view} command={open} known={known} onClose={() => setOpen(undefined)} />}
    </span>
  );
};
