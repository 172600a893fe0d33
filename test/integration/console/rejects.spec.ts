import { describeRejects } from '../../support/console/rejects-suite.js';

describeRejects('express');
