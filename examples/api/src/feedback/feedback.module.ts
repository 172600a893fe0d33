import { Module } from '@nestjs/common';
import { StorageModule } from 'harbor-storage';

import { FeedbackController } from './feedback.controller.js';
import { Feedback } from './feedback.entity.js';
import { FeedbackService } from './feedback.service.js';

@Module({
  imports: [StorageModule.forFeature([Feedback], { dataSourceName: 'default' })],
  controllers: [FeedbackController],
  providers: [FeedbackService],
})
export class FeedbackModule {}
