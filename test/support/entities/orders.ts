import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';

import { ExtraFields } from '../../../src/index.js';

@Entity('customers')
@Unique('customers_email_key', ['email'])
export class Customer {
  @PrimaryColumn('text')
  id: string;

  @Column('text', { nullable: true })
  email: string | null;

  @Column('text', { nullable: true })
  name: string | null;

  @ExtraFields()
  @Column('jsonb', { nullable: true })
  extra: Record<string, unknown> | null;
}

@Entity('orders')
@Check('orders_total_check', 'total >= 0')
export class Order {
  @PrimaryColumn('integer')
  id: number;

  @Column('text', { name: 'customer_id' })
  customerId: string;

  @ManyToOne(() => Customer)
  @JoinColumn({ name: 'customer_id' })
  customer: Customer;

  @Column('integer')
  total: number;
}

@Entity('order_items')
@Check('order_items_pieces_check', 'pieces > 0')
export class OrderItem {
  @PrimaryColumn('integer', { name: 'order_id' })
  orderId: number;

  @ManyToOne(() => Order)
  @JoinColumn({ name: 'order_id' })
  order: Order;

  @PrimaryColumn('text')
  sku: string;

  @Column('integer', { default: 1 })
  pieces: number;
}

/** Of its key only Postgres knows which values are equal. */
@Entity('deliveries')
export class Delivery {
  @PrimaryColumn('numeric')
  parcel: string;

  @Column('text')
  state: string;
}

/** An order as a shop sends it. */
export interface Purchase {
  readonly order: number;
  readonly buyer?: { readonly id: string; readonly name?: string | null; readonly email?: string } | null;
  readonly total?: number;
  readonly items?: readonly { readonly sku: string; readonly pieces?: number | string }[];
}

/** The parts of a purchase. */
export function partsOf({ order, buyer, total, items }: Purchase) {
  const isOrder = total !== undefined && buyer !== undefined;
  return {
    customer: buyer,
    order: isOrder ? { id: order, customerId: buyer?.id ?? '', total } : null,
    items: isOrder ? items?.map((item) => ({ ...item, orderId: order })) : null,
  };
}
