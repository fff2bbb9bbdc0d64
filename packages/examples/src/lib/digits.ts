/**
 * Handwritten-looking digits, drawn by a program: strokes of ten figures in some hand-made variants, warped, turned,
 * thick or thin, partly hidden and noisy. The same seed gives the same images on every machine, and no file is needed.
 */
import { randomStream, type RandomStream } from "@mantajs/tune";

import type { DataSet, LabelledImages } from "./data-set.ts";
import { FIGURES, type Point, type Stroke } from "./figures.ts";

/** Pixels along each side of an image. */
export const DIGIT_SIDE = 14;

/**
 * Draws a data set of digits. The three parts come from streams of their own: the size of one does not change another.
 * @param seed the same seed gives the same images
 * @param sizes number of images in each part
 */
export function drawDigits(
  seed: number,
  sizes: { readonly train: number; readonly validation: number; readonly test: number },
): DataSet {
  const random = randomStream(`digits/${seed}`);
  return {
    name: `drawn digits, ${DIGIT_SIDE} x ${DIGIT_SIDE}`,
    train: drawImages(sizes.train, random.derive("train")),
    validation: drawImages(sizes.validation, random.derive("validation")),
    test: drawImages(sizes.test, random.derive("test")),
  };
}

/** Draws images of equally many figures of each kind. */
export function drawImages(count: number, random: RandomStream): LabelledImages {
  const pixels = DIGIT_SIDE * DIGIT_SIDE;
  const images = new Uint8Array(count * pixels);
  const labels = Uint8Array.from({ length: count }, (_, index) => index % FIGURES.length);
  const image = new Float64Array(pixels);
  labels.forEach((label, index) => {
    drawImage(image.fill(0), label, random);
    images.set(
      image.map((brightness) => Math.round(255 * brightness)),
      index * pixels,
    );
  });
  return { images, labels, pixels };
}

/** Brightness from 0 to 1, drawn over black. */
function drawImage(image: Float64Array, label: number, random: RandomStream): void {
  const warp = randomWarp(random);
  const thickness = 0.035 + 0.055 * random.float();
  for (const stroke of random.pick(FIGURES[label] ?? [])) drawStroke(image, stroke.map(warp), thickness);
  // A stray stroke of the pen, as where two figures of a form touch.
  if (random.float() < 0.25) {
    const end = (): Point => [random.float(), random.float()];
    drawStroke(
      image,
      [end(), end()].map(([x, y]): Point => [x, y * 0.4 + (y > 0.5 ? 0.55 : 0)]),
      0.03,
    );
  }
  if (random.float() < 0.25) hideBlock(image, random);
  const contrast = 0.65 + 0.35 * random.float();
  const noise = 0.05 + 0.15 * random.float();
  for (let at = 0; at < image.length; at++) {
    image[at] = Math.min(1, Math.max(0, contrast * (image[at] ?? 0) + noise * random.normal()));
  }
}

/** A random map of the plane: size, turn, slant, place, and a smooth wobble. */
function randomWarp(random: RandomStream): (point: Point) => Point {
  const between = (low: number, high: number) => low + (high - low) * random.float();
  const angle = between(-0.28, 0.28);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [scaleX, scaleY] = [between(0.72, 1.05), between(0.75, 1.05)];
  const slant = between(-0.22, 0.22);
  const [moveX, moveY] = [between(-0.08, 0.08), between(-0.07, 0.07)];
  const wobble = between(0, 0.05);
  const [phaseX, phaseY] = [between(0, 2 * Math.PI), between(0, 2 * Math.PI)];
  return ([x, y]) => {
    const u = scaleX * (x - 0.5 + wobble * Math.sin(7 * y + phaseX)) - slant * (y - 0.5);
    const v = scaleY * (y - 0.5 + wobble * Math.sin(7 * x + phaseY));
    return [0.5 + moveX + cos * u - sin * v, 0.5 + moveY + sin * u + cos * v];
  };
}

function drawStroke(image: Float64Array, points: Stroke, thickness: number): void {
  for (let end = 1; end < points.length; end++) {
    drawSegment(image, points[end - 1] ?? [0, 0], points[end] ?? [0, 0], thickness);
  }
}

/** A line with round ends and soft edges; where lines cross, the brighter one counts. */
function drawSegment(image: Float64Array, [x0, y0]: Point, [x1, y1]: Point, thickness: number): void {
  const reach = thickness + 1 / DIGIT_SIDE;
  const pixelAt = (position: number) =>
    Math.min(DIGIT_SIDE - 1, Math.max(0, Math.floor(position * DIGIT_SIDE)));
  const lengthSquared = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  for (let row = pixelAt(Math.min(y0, y1) - reach); row <= pixelAt(Math.max(y0, y1) + reach); row++) {
    for (
      let column = pixelAt(Math.min(x0, x1) - reach);
      column <= pixelAt(Math.max(x0, x1) + reach);
      column++
    ) {
      const [x, y] = [(column + 0.5) / DIGIT_SIDE, (row + 0.5) / DIGIT_SIDE];
      const along = lengthSquared === 0 ? 0 : ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / lengthSquared;
      const nearest = Math.min(1, Math.max(0, along));
      const distance = Math.hypot(x - x0 - nearest * (x1 - x0), y - y0 - nearest * (y1 - y0));
      const brightness = Math.min(1, Math.max(0, 0.5 + (thickness - distance) * DIGIT_SIDE));
      const at = row * DIGIT_SIDE + column;
      image[at] = Math.max(image[at] ?? 0, brightness);
    }
  }
}

function hideBlock(image: Float64Array, random: RandomStream): void {
  const [width, height] = [random.int(3, 5), random.int(3, 5)];
  const [left, top] = [random.int(0, DIGIT_SIDE - width), random.int(0, DIGIT_SIDE - height)];
  for (let row = top; row < top + height; row++) {
    image.fill(0, row * DIGIT_SIDE + left, row * DIGIT_SIDE + left + width);
  }
}
