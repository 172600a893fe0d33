import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('prices')
export class Price {
  @PrimaryColumn('text')
  sku!: string;

  @Column('numeric', { precision: 10, scale: 2 })
  amount!: string;
}
