import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StorageModule } from 'harbor-storage';
import pg from 'pg';

import { CreatePrices1764000000000 } from './create-prices.js';
import { PriceImport } from './price-import.js';
import { Price } from './price.entity.js';

@Module({
  imports: [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({
        type: 'postgres' as const,
        driver: pg, // TypeORM cannot find it in a bundle
        url: process.env['DATABASE_URL'] ?? '',
        autoLoadEntities: true,
        migrations: [CreatePrices1764000000000],
        migrationsRun: true,
      }),
    }),
    StorageModule.forRoot({ dataSource: 'default', migrations: 'run' }),
    StorageModule.forFeature([Price], { dataSourceName: 'default' }),
  ],
  providers: [PriceImport],
})
export class AppModule {}
