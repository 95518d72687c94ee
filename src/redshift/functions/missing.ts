/** Families of Redshift's that are not there at all, so that a call of one is told apart from a call of something that nobody has. */
import { type FunctionEntry, familyOf } from "./entry.js";

const spatial = familyOf("spatial");
const sketches = familyOf("hyperloglog");
const learning = familyOf("machine learning");

export const MISSING_FUNCTIONS: readonly FunctionEntry[] = [
  ...spatial.missing(
    "st_area st_asbinary st_asewkb st_asewkt st_asgeojson st_astext st_azimuth st_buffer st_centroid st_contains st_convexhull st_coveredby st_covers st_crosses st_dimension st_disjoint st_distance st_distancesphere st_dwithin st_endpoint st_envelope st_equals st_geogfromtext st_geohash st_geometryn st_geometrytype st_geomfromewkb st_geomfromgeohash st_geomfromtext st_geomfromwkb st_intersection st_intersects st_isempty st_isvalid st_length st_makeline st_makepoint st_makepolygon st_numpoints st_point st_pointn st_polygon st_setsrid st_simplify st_srid st_startpoint st_touches st_transform st_union st_within st_x st_xmax st_xmin st_y st_ymax st_ymin h3_boundary h3_center h3_fromlonglat h3_polyfill",
    "GEOMETRY and GEOGRAPHY are not there.",
  ),
  ...sketches.missing(
    "hll hll_create_sketch hll_combine hll_combine_sketches hll_cardinality",
    "APPROXIMATE COUNT(DISTINCT ...) estimates; HLLSKETCH is not there.",
  ),
  ...learning.missing("explain_model", "CREATE MODEL is not there."),
];
