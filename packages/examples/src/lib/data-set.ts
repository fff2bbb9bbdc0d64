/**
 * Labelled images in the form in which they travel through the object store: two flat arrays of bytes, which readers in
 * other threads see without a copy. The 70,000 images of MNIST are 55 MB; as numbers from 0 to 1 they would be 220.
 */

/** Grey images with a class each. */
export interface LabelledImages {
  /** Brightness from 0 to 255, image after image, row after row. */
  readonly images: Uint8Array;
  /** The class of each image, from 0 to 9. */
  readonly labels: Uint8Array;
  /** Pixels per image. */
  readonly pixels: number;
}

/** What training needs: one part to learn from, one that the tuner judges by, one that nobody sees until the end. */
export interface DataSet {
  readonly name: string;
  readonly train: LabelledImages;
  readonly validation: LabelledImages;
  readonly test: LabelledImages;
}

/** The images from `start` up to, not including, `end`; views, no copies. */
export function slice(data: LabelledImages, start: number, end: number): LabelledImages {
  return {
    images: data.images.subarray(start * data.pixels, end * data.pixels),
    labels: data.labels.subarray(start, end),
    pixels: data.pixels,
  };
}
