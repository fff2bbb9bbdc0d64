/**
 * The ten figures as strokes of a pen, each in the ways in which people write it. Coordinates go from 0 to 1, y points
 * down.
 */

export type Point = readonly [x: number, y: number];
export type Stroke = readonly Point[];

/** For each figure from 0 to 9 its variants; each variant is a list of strokes. */
export const FIGURES: readonly (readonly (readonly Stroke[])[])[] = [
  [[arc(0.5, 0.5, 0.28, 0.4, 0, 1)], [arc(0.5, 0.5, 0.2, 0.4, -0.2, 0.85)]],
  [
    [line(0.5, 0.1, 0.5, 0.9)],
    [line(0.3, 0.3, 0.52, 0.1, 0.52, 0.9)],
    [line(0.32, 0.28, 0.5, 0.1, 0.5, 0.9), line(0.3, 0.9, 0.7, 0.9)],
  ],
  [
    [arc(0.5, 0.32, 0.25, 0.22, -0.48, 0.1), line(0.7, 0.45, 0.25, 0.9, 0.78, 0.9)],
    [
      arc(0.48, 0.3, 0.24, 0.2, -0.45, 0.15),
      line(0.62, 0.46, 0.3, 0.86),
      arc(0.32, 0.8, 0.08, 0.09, 0, 1),
      line(0.36, 0.86, 0.78, 0.88),
    ],
  ],
  [
    [arc(0.46, 0.3, 0.24, 0.2, -0.42, 0.25), arc(0.46, 0.7, 0.27, 0.21, -0.25, 0.42)],
    [line(0.25, 0.12, 0.72, 0.12, 0.45, 0.45), arc(0.45, 0.68, 0.27, 0.23, -0.25, 0.42)],
  ],
  [
    [line(0.62, 0.9, 0.62, 0.1, 0.2, 0.64, 0.82, 0.64)],
    [line(0.3, 0.1, 0.24, 0.5, 0.76, 0.5), line(0.7, 0.15, 0.66, 0.9)],
  ],
  [
    [line(0.74, 0.12, 0.32, 0.12, 0.28, 0.48), arc(0.46, 0.66, 0.27, 0.23, -0.35, 0.4)],
    [line(0.72, 0.14, 0.34, 0.12, 0.3, 0.45, 0.55, 0.44), arc(0.5, 0.67, 0.22, 0.23, -0.25, 0.38)],
  ],
  [
    [arc(0.62, 0.5, 0.36, 0.42, -0.28, -0.5), arc(0.5, 0.67, 0.24, 0.22, 0, 1)],
    [line(0.6, 0.1, 0.36, 0.42, 0.28, 0.66), arc(0.48, 0.7, 0.21, 0.19, 0, 1)],
  ],
  [
    [line(0.22, 0.13, 0.78, 0.13, 0.42, 0.9)],
    [line(0.22, 0.2, 0.24, 0.12, 0.76, 0.12, 0.46, 0.9), line(0.36, 0.5, 0.7, 0.5)],
  ],
  [
    [arc(0.5, 0.3, 0.2, 0.19, 0, 1), arc(0.5, 0.69, 0.25, 0.21, 0, 1)],
    [arc(0.5, 0.3, 0.22, 0.2, 0.1, 0.95), line(0.64, 0.42, 0.34, 0.58), arc(0.5, 0.7, 0.22, 0.2, -0.4, 0.5)],
  ],
  [
    [arc(0.48, 0.32, 0.24, 0.21, 0, 1), arc(0.38, 0.5, 0.36, 0.42, -0.05, 0.22)],
    [arc(0.5, 0.3, 0.21, 0.19, 0, 1), line(0.71, 0.32, 0.66, 0.9)],
  ],
];

/** A stroke through points, given as x, y, x, y, ... */
function line(...coordinates: readonly number[]): Stroke {
  return Array.from({ length: coordinates.length / 2 }, (_, at) => [
    coordinates[2 * at] ?? 0,
    coordinates[2 * at + 1] ?? 0,
  ]);
}

/** Part of an ellipse; angles in turns, clockwise from the right. */
function arc(x: number, y: number, rx: number, ry: number, from: number, to: number): Stroke {
  return Array.from({ length: 13 }, (_, step) => {
    const angle = 2 * Math.PI * (from + ((to - from) * step) / 12);
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}
