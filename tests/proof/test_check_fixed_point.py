"""Fixed points of the variance map: true ones are accepted, false ones are not."""

from proof.course_samples import samples

POINTS = sorted(samples("fixed_point"))
