/** A line without axes; the figures stand beside it. */

const WIDTH = 120;
const HEIGHT = 28;

interface Props {
  values: (number | null)[];
  /** What a screen reader says of it. */
  label: string;
  color?: string;
}

export function Sparkline({ values, label, color = 'c1' }: Props) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${label}: too little yet`} />;
  const max = Math.max(...known, Number.MIN_VALUE);
  const x = (at: number) => (at / Math.max(values.length - 1, 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 2 - (value / max) * (HEIGHT - 4);
  const line: string[] = [];
  const area: string[] = [];
  let open = -1;
  values.forEach((value, at) => {
    if (value === null) {
      if (open >= 0) area.push(`L${x(at - 1).toFixed(1)} ${HEIGHT}Z`);
      open = -1;
      return;
    }
    const point = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    if (open < 0) area.push(`M${x(at).toFixed(1)} ${HEIGHT}L${point}`);
    else area.push(`L${point}`);
    line.push(`${open < 0 ? 'M' : 'L'}${point}`);
    open = at;
  });
  if (open >= 0) area.push(`L${x(open).toFixed(1)} ${HEIGHT}Z`);
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="area" d={area.join('')} style={{ fill: `var(--${color})` }} />
      <path class="line" d={line.join('')} style={{ stroke: `var(--${color})` }} />
    </svg>
  );
}
