/** A question in front of everything else. The browser keeps the focus in it and gives it back. */

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';

interface Props {
  title: string;
  close: () => void;
  children: ComponentChildren;
  /** Buttons besides the one that closes. */
  actions?: ComponentChildren;
  closing?: string;
}

export function Dialog({ title, close, children, actions, closing = 'Close' }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={close} onClick={(event) => event.target === dialog.current && close()}>
      <div class="dialog">
        <h2 id={id}>{title}</h2>
        {children}
        <footer>
          {actions}
          <button type="button" onClick={close}>{closing}</button>
        </footer>
      </div>
    </dialog>
  );
}
